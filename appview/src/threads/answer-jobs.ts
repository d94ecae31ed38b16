import { parentPort } from 'node:worker_threads'

/** The message that a thread posts for each job. */
export type ThreadAnswer<Answer> = { readonly answer: Answer } | { readonly error: unknown }

/** In a thread of `createThreadPool`: answers jobs one at a time. `transfer` names the buffers of an answer to move instead of copy. */
export function answerJobs<Job, Answer>(
  work: (job: Job) => Answer | Promise<Answer>,
  transfer: (answer: Answer) => ArrayBuffer[] = () => [],
): void {
  parentPort!.on('message', async (job: Job) => {
    try {
      const answer = await work(job)
      parentPort!.postMessage({ answer } satisfies ThreadAnswer<Answer>, transfer(answer))
    } catch (error) {
      parentPort!.postMessage({ error } satisfies ThreadAnswer<Answer>)
    }
  })
}
