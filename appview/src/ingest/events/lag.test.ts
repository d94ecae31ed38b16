import { expect, test } from 'vitest'
import { readEventTime } from '../source/event-time.ts'
import { newSourceState, type SourceState } from '../source/source.ts'
import { createLagMeter } from './lag.ts'

const start = Date.UTC(2026, 10, 20)

function measure(given: Partial<SourceState> = {}, storedMs?: number) {
  const clock = { ms: start }
  const state = Object.assign(newSourceState(), { connected: true, connectedAt: start }, given)
  return { clock, state, meter: createLagMeter(state, { now: () => clock.ms, storedMs: () => storedMs }) }
}

test('an event waits until it is stored', () => {
  const { clock, meter } = measure({ heard: [0] })
  const [first, second] = [meter.begin(), meter.begin()]
  clock.ms += 4_000
  expect(meter.read()).toMatchObject({ lagMs: 4_000, waiting: 2, caughtUp: false })
  second.settled()
  expect(meter.read().waiting).toBe(2)
  meter.stored()
  expect(meter.read()).toMatchObject({ lagMs: 4_000, waiting: 1 })
  first.settled()
  meter.stored()
  expect(meter.read()).toMatchObject({ lagMs: 0, waiting: 0, caughtUp: true })
})

test('events that are still in the socket’s buffer wait, too', () => {
  const { meter } = measure({ heard: [0], queued: 7 })
  expect(meter.read()).toMatchObject({ waiting: 7, caughtUp: false })
})

test('a source that replays old events is behind even if no event waits', () => {
  const day = 86_400_000
  const { meter, state } = measure({ heard: [day, day, day], lastEventAt: start })
  expect(meter.read()).toEqual({ lagMs: day, waiting: 0, parked: 0, caughtUp: false })
  state.heard.push(5, 5, 5, 5)
  expect(meter.read()).toMatchObject({ lagMs: 5, caughtUp: true })
})

test('a source that has become quiet is caught up', () => {
  const { meter, clock } = measure({ heard: [86_400_000], lastEventAt: start })
  clock.ms += 2_001
  expect(meter.read()).toMatchObject({ lagMs: 0, caughtUp: true })
})

test('one event with a wrong time does not change the lag', () => {
  const { meter } = measure({ heard: [3, 86_400_000 * 365, 4], lastEventAt: start })
  expect(meter.read()).toMatchObject({ lagMs: 4, caughtUp: true })
})

test('events that wait for their account’s server are counted separately', () => {
  const { meter, clock } = measure({ heard: [0], lastEventAt: start })
  meter.begin().place = { isParked: true }
  clock.ms += 60_000
  expect(meter.read()).toEqual({ lagMs: 0, waiting: 0, parked: 1, caughtUp: true })
})

test('the lag of a lost connection grows', () => {
  const { meter, clock } = measure({
    connected: false,
    disconnectedAt: start,
    heard: [20],
    lastEventAt: start,
  })
  clock.ms += 30_000
  expect(meter.read()).toMatchObject({ lagMs: 30_020, caughtUp: false })
})

test('before the first connection, the lag is that of the last stored event', () => {
  const { meter } = measure({ connected: false, connectedAt: undefined }, start - 90_000)
  expect(meter.read()).toMatchObject({ lagMs: 90_000, caughtUp: false })
  const never = measure({ connected: false, connectedAt: undefined })
  expect(never.meter.read()).toMatchObject({ lagMs: undefined, caughtUp: false })
})

test.each([
  ['2026-11-20T00:00:00.000Z', start],
  ['2026-11-20T01:00:00+01:00', start],
  // Clocks differ, so a time a little in the future counts as now.
  ['2026-11-20T00:04:00Z', start],
  ['2026-11-20T00:06:00Z', undefined],
  ['275760-09-13T00:00:00Z', undefined],
  ['1970-01-01T00:00:00Z', undefined],
  ['-000001-01-01T00:00:00Z', undefined],
  ['2026-11-20', undefined],
  ['November 20', undefined],
  ['2026-13-40T99:00:00Z', undefined],
  [`2026-11-20T00:00:00.${'0'.repeat(1e6)}Z`, undefined],
  ['', undefined],
  [7, undefined],
  [null, undefined],
])('reads the time of an event: %s', (time, expected) => {
  expect(readEventTime(time, start)).toBe(expected)
})
