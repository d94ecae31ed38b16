/**
 * Looks up all contents in the DHT, one name at a time and at a steady rate, the longest unasked first. The counts are
 * stored under the tracker `dht:mainline`, and combined with those of trackers by taking the highest.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { type AnnouncedContent, dhtSource, swarmKey, swarmNames } from '../../catalog/swarms/contents.ts'
import { writeScrapeFailure, writeSwarmCounts } from '../../catalog/swarms/counts.ts'
import { readDueContents } from '../../catalog/swarms/schedule.ts'
import { eachLimited } from '../../runtime/each-limited.ts'
import type { Catalog } from '../../store/open.ts'
import type { HostPace } from '../host-pace.ts'
import { toCount } from '../trackers/tracker-counts.ts'
import type { DhtAnswer, DhtNode } from './dht-node.ts'

export interface DhtRoundParts {
  catalog: Catalog
  node: DhtNode
  /** The rests between requests, for the whole DHT as if it were one host. */
  pace: HostPace
  /** The least time from the start of one search to the start of the next, in milliseconds. */
  gapMs: number
  /** How long counts stay valid, in milliseconds. */
  recheckMs: number
  signal: AbortSignal
  onAsked: (outcome: 'answered' | 'refused' | 'failed') => void
}

const searchesAtOnce = 4
const pageSize = 100
/** A torrent is announced to the eight nodes nearest to its name (BEP 5). If this many know no peer, there is none. */
const enoughHosts = 8

/** Makes the round that looks up due contents. */
export function createDhtRound(parts: DhtRoundParts): () => Promise<void> {
  const { catalog, recheckMs, signal, pace } = parts
  const turn = createTurns(parts)
  return async () => {
    while (!signal.aborted && pace.restMs(dhtSource) === 0) {
      const due = await readDueContents(catalog.db, { tracker: dhtSource, recheckMs, limit: pageSize })
      if (due.length === 0) return
      await eachLimited(due, searchesAtOnce, async (content) => {
        if (!signal.aborted && pace.restMs(dhtSource) === 0) await lookUp(content, { ...parts, turn })
      })
    }
  }
}

/** Makes a wait that resolves for one caller after another, `gapMs` apart. */
function createTurns({ gapMs, signal }: Pick<DhtRoundParts, 'gapMs' | 'signal'>): () => Promise<void> {
  let nextAt = 0
  return async () => {
    const now = performance.now()
    const restMs = Math.max(nextAt - now, 0)
    nextAt = now + restMs + gapMs
    await delay(restMs, undefined, { signal }).catch(() => {})
  }
}

async function lookUp(
  content: AnnouncedContent,
  { catalog, node, pace, signal, onAsked, turn }: DhtRoundParts & { turn: () => Promise<void> },
): Promise<void> {
  const words = new Map<string, DhtAnswer>()
  for (const name of swarmNames(content)) {
    await turn()
    if (signal.aborted) return
    words.set(name, await node.ask(name, signal))
  }
  const hasAnswered = [...words.values()].some(({ hosts }) => hosts > 0)
  if (hasAnswered) pace.answered(dhtSource)
  else pace.failed(dhtSource)
  const said = { tracker: dhtSource, at: new Date() }
  const problem = whyUnknown([...words.values()])
  onAsked(problem === undefined ? 'answered' : hasAnswered ? 'refused' : 'failed')
  if (problem !== undefined)
    return writeScrapeFailure(catalog.db, { ...said, infoHashes: [swarmKey(content)], error: problem })
  const counts = new Map([...words].map(([name, word]) => [name, { ...word, completed: null }]))
  await writeSwarmCounts(catalog.db, { ...said, counts: [toCount(content, { counts })] })
}

/** Why the answers about a content's names give no count; undefined when they do. */
function whyUnknown(words: readonly DhtAnswer[]): string | undefined {
  if (words.some(({ seeders, leechers }) => seeders + leechers > 0)) return undefined
  if (words.some(({ isUncounted }) => isUncounted))
    return 'nodes of the DHT name peers, and do not say how many have everything'
  const hosts = Math.min(...words.map((word) => word.hosts))
  if (hosts === 0) return 'no node of the DHT answers'
  return hosts < enoughHosts ? `only ${hosts} hosts of the DHT answered, which know of nobody` : undefined
}
