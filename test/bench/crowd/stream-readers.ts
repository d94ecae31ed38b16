import type { Db } from '@holdfast/appview/store/sql'
import { waitFor } from '../../network/wait-for.ts'
import { countMessages } from '../denial/count-messages.ts'
import { tellAgain } from '../denial/fill.ts'

const burst = 2_000
const replayed = 5_000
const pauseMs = 1_000

/** Events a second that a reader received in each burst, live and replayed. */
export interface StreamRates {
  live: number[]
  replayed: number[]
}

/**
 * Reads the stream of records until the signal: one reader is told live of bursts of 2,000 events, and others, one after
 * another, replay the last 5,000. Events that hide a record count neither as told nor as delayed.
 */
export async function readStreams(base: string, db: Db, until: AbortSignal): Promise<StreamRates> {
  const rates: StreamRates = { live: [], replayed: [] }
  const pause = () => new Promise((resolve) => setTimeout(resolve, pauseMs))
  const live = await countMessages(base, 'subscribeRecords', {}, '#upsert')
  await live.started
  const readLive = async () => {
    while (!until.aborted) {
      const before = live.count()
      const started = performance.now()
      await tellAgain(db, burst)
      await waitFor(() => live.count() >= before + burst, {
        what: `${burst} events on the live stream`,
        timeoutMs: 60_000,
        intervalMs: 1,
      })
      rates.live.push(burst / ((performance.now() - started) / 1_000))
      await pause()
    }
    live.close()
  }
  const replay = async () => {
    while (!until.aborted) {
      // The first events are of datasets of others, which stay visible.
      const reader = await countMessages(base, 'subscribeRecords', { cursor: 0 }, '#upsert')
      rates.replayed.push(replayed / ((await reader.reached(replayed)) / 1_000))
      reader.close()
      await pause()
    }
  }
  await Promise.all([readLive(), replay()])
  return rates
}
