import { expect, test } from 'vitest'
import { createPace } from './pace.ts'

test('lets requests through evenly, however many ask at once', async () => {
  const pace = createPace(6_000)
  const began = performance.now()
  const times = await Promise.all(
    Array.from({ length: 11 }, async () => {
      await pace.turn()
      return performance.now() - began
    }),
  )
  expect(times[0]).toBeLessThan(90)
  // Timers may be a millisecond early, but the eleventh comes a tenth of a second after the first.
  expect(times.at(-1)).toBeGreaterThan(95)
})

test('waits no longer when it is aborted', async () => {
  const pace = createPace(1)
  await pace.turn()
  const signal = AbortSignal.abort(new Error('stopped'))
  await expect(pace.turn(1, signal)).rejects.toThrow(/abort/i)
})
