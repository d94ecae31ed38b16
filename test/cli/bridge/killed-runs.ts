import type { ChildProcess } from 'node:child_process'
import { AtpAgent } from '@atproto/api'
import { collections } from '@holdfast/lexicons/nsid'
import { createAccount } from '../../network/accounts.ts'
import type { Network } from '../../network/network.ts'
import { waitFor } from '../../network/wait-for.ts'
import { memoryOf } from '../../system/process-memory.ts'
import { startLimitedPds } from '../limited-pds.ts'
import { startPerson } from '../run-holdfast.ts'
import { ckanPackages, startCkanServer } from './ckan-server.ts'

export interface KilledRuns {
  /** Records in the repo at the end, and the different datasets among them. */
  readonly records: number
  readonly datasets: number
  /** Puts that the PDS accepted. */
  readonly puts: number
  /** Requests to the source, and those of them that had been answered before. */
  readonly requests: number
  readonly repeated: number
  readonly kills: number
  /** The most memory that a run took, in MB. */
  readonly peakMB: number
  readonly seconds: number
}

/** When a run is killed: once the source has answered, or the PDS has been sent, this much. */
export interface Kill {
  readonly afterAnswers?: number
  readonly afterPuts?: number
}

/**
 * Bridges a CKAN catalog whose runs are killed by SIGKILL, each at one of the instants of `kills`, and then runs to the
 * end. A put is counted when it arrives at the PDS, so that the process dies before it hears that it was written.
 */
export async function bridgeKilled(
  network: Network,
  datasets: number,
  kills: readonly Kill[],
): Promise<KilledRuns> {
  const begun = performance.now()
  await using pds = await startLimitedPds(network.plcUrl, { points: 1e9, windowMs: 3_600_000 })
  await using source = await startCkanServer(ckanPackages(datasets))
  const account = await createAccount(pds as never, `killed${datasets}`)
  await using person = await startPerson(network, { account })
  let peakMB = 0
  for (const { afterAnswers = 0, afterPuts = 0 } of kills) {
    const { child, ended } = person.start('bridge', source.url, '--json')
    const isTime = () => source.answered.length >= afterAnswers && pds.puts >= afterPuts
    await waitFor(() => isTime() || child.exitCode !== null, {
      intervalMs: 2,
      what: `${afterAnswers} answers and ${afterPuts} puts`,
      timeoutMs: 1_200_000,
    })
    peakMB = Math.max(peakMB, peakMBOf(child))
    child.kill('SIGKILL')
    const { code, stderr } = await ended
    if (code) throw new Error(`a run ended by itself with ${code}: ${stderr}`)
  }
  const { child, ended } = person.start('bridge', source.url, '--json')
  const watch = setInterval(() => {
    peakMB = Math.max(peakMB, peakMBOf(child))
  }, 250)
  const last = await ended
  clearInterval(watch)
  if (last.code !== 0) throw new Error(`the last run ended with ${last.code}: ${last.stderr}`)
  const titles: string[] = []
  const agent = new AtpAgent({ service: pds.url })
  for (let cursor: string | undefined; ; ) {
    const { data } = await agent.com.atproto.repo.listRecords({
      ...{ repo: account.did, collection: collections.dataset, limit: 100 },
      ...(cursor && { cursor }),
    })
    titles.push(...data.records.map(({ value }) => String((value as { title?: unknown }).title)))
    cursor = data.cursor
    if (!cursor) break
  }
  return {
    records: titles.length,
    datasets: new Set(titles).size,
    puts: pds.puts,
    requests: source.answered.length,
    repeated: source.answered.length - new Set(source.answered).size,
    kills: kills.length,
    peakMB,
    seconds: (performance.now() - begun) / 1_000,
  }
}

/** The peak memory of a process so far, in MB; 0 once it has ended. */
function peakMBOf({ pid }: ChildProcess): number {
  try {
    return memoryOf(pid).peakMB
  } catch {
    return 0
  }
}
