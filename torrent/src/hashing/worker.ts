import { parentPort, workerData } from 'node:worker_threads'
import { hashJob } from './hash-job.ts'
import type { HashAnswer, HashPlan } from './job.ts'
import { type PackedJob, unpackJob } from './packed-job.ts'

const run = hashJob(workerData as HashPlan)

parentPort!.on('message', (job: PackedJob) => {
  let answer: HashAnswer = { ok: true }
  try {
    run(unpackJob(job))
  } catch (error) {
    answer = { ok: false, message: (error as Error).message }
  }
  parentPort!.postMessage(answer)
})
