/** Bridges a CKAN catalog into a real PDS while `kill -9` ends the run at random instants, and counts what was repeated. */
import { bridgeKilled, type Kill } from '../cli/bridge/killed-runs.ts'
import { startNetwork } from '../network/network.ts'
import type { Bench } from './main.ts'

export const run: Bench = async ({ quick, datasets = quick ? 60 : 10_000, log }) => {
  await using network = await startNetwork({ pdsCount: 1, accounts: 0, relay: false })
  const count = quick ? 2 : 10
  const kills = Array.from({ length: count }, (_, i): Kill => {
    // A few die while the source is being read, the others while records are written.
    if (i < count / 5) return { afterAnswers: Math.floor((Math.random() * datasets) / 200) }
    return { afterPuts: Math.floor(Math.random() * datasets) }
  }).sort(
    (a, b) =>
      (a.afterAnswers ?? 0) +
      (a.afterPuts ?? 0) * datasets -
      (b.afterAnswers ?? 0) -
      (b.afterPuts ?? 0) * datasets,
  )
  log(`${datasets} datasets; killed after ${kills.map((kill) => JSON.stringify(kill)).join(', ')}`)
  const result = await bridgeKilled(network, datasets, kills)
  return { figures: { ...result, datasetsPerSecond: datasets / result.seconds }, ratios: {} }
}
