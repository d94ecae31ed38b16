import { parentPort, workerData } from 'node:worker_threads'
import { hashJob } from './hash-job.ts'
import type { HashAnswer, HashJob, HashPlan } from './job.ts'

const run = hashJob(workerData as HashPlan)

parentPort!.on('message', (job: HashJob) => {
  let answer: HashAnswer = { ok: true }
  try {
    run(job)
  } catch (error) {
    answer = { ok: false, message: (error as Error).message }
  }
  parentPort!.postMessage(answer)
})
