import { afterEach, expect, test } from 'vitest'
import type { TestJob } from '../../testing/thread.ts'
import { createThreadPool, ThreadLostError, type ThreadPool, ThreadsBusyError } from './thread-pool.ts'

type Job = TestJob | { waitMs: number }
let pool: ThreadPool<Job, number>
function open(options: { threads?: number; maxWaiting?: number; maxWaitMs?: number } = {}) {
  const script = new URL('../../testing/thread.ts', import.meta.url)
  pool = createThreadPool({ script, threads: 1, heapMb: 64, maxWaiting: 100, ...options })
  return pool
}
afterEach(() => pool[Symbol.asyncDispose]())
const deadlineMs = 60_000

test.each<[TestJob, string, number]>([
  ['hang', 'longer than 300 ms', 300],
  ['fill memory', 'more memory', deadlineMs],
  ['exit', 'without an answer', deadlineMs],
])(
  'a job that must %s ends its thread, and the next one gets a new thread',
  async (job, message, limitMs) => {
    const { run } = open()
    const before = await run('which thread', { deadlineMs })
    const lost = run(job, { deadlineMs: limitMs })
    const next = run('which thread', { deadlineMs })
    await expect(lost).rejects.toThrow(message)
    await expect(lost).rejects.toBeInstanceOf(ThreadLostError)
    expect(await next).not.toBe(before)
  },
)

test('passes on what a job throws and keeps the thread', async () => {
  const { run } = open()
  const before = await run('which thread', { deadlineMs })
  await expect(run('throw', { deadlineMs })).rejects.toThrow(TypeError)
  expect(await run('which thread', { deadlineMs })).toBe(before)
})

test('refuses jobs beyond the number and the time that may wait', async () => {
  const { run } = open({ maxWaiting: 1, maxWaitMs: 200 })
  const hanging = run('hang', { deadlineMs: 2_000 })
  const late = run('which thread', { deadlineMs })
  await expect(run('which thread', { deadlineMs })).rejects.toBeInstanceOf(ThreadsBusyError)
  await expect(late).rejects.toBeInstanceOf(ThreadsBusyError)
  await expect(hanging).rejects.toBeInstanceOf(ThreadLostError)
})

test('runs jobs of one owner between the long jobs of another', async () => {
  const { run } = open({ threads: 2 })
  // Wait until both threads have started, because the first job of a thread waits for that.
  await Promise.all([0, 1].map(() => run({ waitMs: 50 }, { deadlineMs })))
  const done: string[] = []
  const theirs = Array.from({ length: 4 }, () =>
    run({ waitMs: 200 }, { deadlineMs, owner: 'many', isLong: true }).then(() => done.push('many')),
  )
  const mine = run('which thread', { deadlineMs, owner: 'one' }).then(() => done.push('one'))
  await Promise.all([...theirs, mine])
  expect(done.indexOf('one')).toBeLessThan(2)
})

test('disposing of the pool rejects waiting and running jobs', async () => {
  const { run } = open()
  const jobs = Promise.allSettled([run('hang', { deadlineMs }), run('which thread', { deadlineMs })])
  await pool[Symbol.asyncDispose]()
  for (const job of await jobs) expect(job).toMatchObject({ reason: { message: 'the threads were stopped' } })
})
