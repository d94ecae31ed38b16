import { setTimeout as delay } from 'node:timers/promises'
import {
  type DueProbe,
  type ProbeSubject,
  postponeProbes,
  readDueProbes,
  writeProbes,
} from '../../catalog/swarms/probes.ts'
import { eachLimited } from '../../runtime/each-limited.ts'
import type { Catalog } from '../../store/open.ts'
import type { HostPace } from '../host-pace.ts'
import type { NotNow, Verdict } from './webseed-probe.ts'

export interface DueProbeParts {
  catalog: Catalog
  subject: ProbeSubject
  pace: HostPace
  hostsAtOnce: number
  signal: AbortSignal
  /** Probes one address; a failure is a result too. Rejects only for a fault of our own. */
  probe: (due: DueProbe) => Promise<Verdict | NotNow>
  onProbed: (status: string) => void
}

/** When to check again whether an address that no visible record names is named again. */
const unnamedMs = 24 * 3_600_000
/** A host that must rest for longer than this is left to a later round. */
const maxPatienceMs = 30_000

/** Makes the round that probes every due address: different hosts in parallel, one request at a time to each. */
export function createDueProbesRound(parts: DueProbeParts): () => Promise<void> {
  const { catalog, subject, signal } = parts
  return async () => {
    while (!signal.aborted) {
      const due = await readDueProbes(catalog.db, { subject, limit: 200, perHost: 10 })
      await postponeProbes(
        catalog.db,
        due.filter((probe) => !probe.named),
        new Date(Date.now() + unnamedMs),
      )
      const named = due.filter((probe) => probe.named)
      if (named.length === 0) return
      await eachLimited(Map.groupBy(named, hostOf), parts.hostsAtOnce, async ([host, probes]) => {
        for (const probe of probes) if (!(await askOne(host, probe, parts))) break
      })
    }
  }
}

/** Probes one address. Resolves with false when nothing more may be sent to the host now. */
async function askOne(host: string, due: DueProbe, parts: DueProbeParts): Promise<boolean> {
  const { catalog, pace, signal } = parts
  const restMs = pace.restMs(host)
  if (restMs > maxPatienceMs) {
    await postponeProbes(catalog.db, [due], new Date(Date.now() + restMs))
    return true
  }
  await delay(restMs, undefined, { signal }).catch(() => {})
  if (signal.aborted) return false
  const result = await parts.probe(due)
  if (signal.aborted) return false
  if (!('status' in result)) {
    await postponeProbes(catalog.db, [due], result.nextAt)
    return true
  }
  const { restMs: askedMs, ...found } = result
  await writeProbes(catalog.db, [{ subject: due.subject, url: due.url, ...found }], new Date())
  // A missing page is not a failure of the host, which may have the next page.
  if (result.failed && result.status !== 'mismatch' && !result.detail.httpStatus) pace.failed(host)
  else pace.answered(host, askedMs)
  parts.onProbed(result.status)
  return true
}

function hostOf({ url }: DueProbe): string {
  return URL.canParse(url) ? new URL(url).host : ''
}
