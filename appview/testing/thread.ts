/** The jobs that the tests of the thread pool run in a thread. */
import { threadId } from 'node:worker_threads'
import { answerJobs } from '../src/threads/answer-jobs.ts'

export type TestJob = 'hang' | 'fill memory' | 'exit' | 'throw' | 'which thread'

answerJobs(async (job: TestJob | { waitMs: number }) => {
  if (job === 'hang') for (;;);
  if (job === 'exit') process.exit(3)
  if (job === 'throw') throw new TypeError('thrown')
  if (job === 'fill memory') {
    const kept: unknown[] = []
    for (let i = 0; ; i++) kept.push({ i, text: `text ${i}` })
  }
  if (typeof job === 'object') await new Promise((resolve) => setTimeout(resolve, job.waitMs))
  return threadId
})
