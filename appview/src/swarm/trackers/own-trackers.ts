/**
 * Reads counts from the operator's own trackers every few seconds: all swarms at once if the tracker offers that, otherwise
 * by scraping (BEP 48, BEP 15). Unchanged counts are not written again.
 */

import {
  type AnnouncedContent,
  findAnnounced,
  readAnnouncedPage,
  readInfoHashSeq,
  readNamesSince,
} from '../../catalog/swarms/contents.ts'
import { writeSwarmCounts } from '../../catalog/swarms/counts.ts'
import type { GuardedFetch } from '../../outbound/guarded-fetch.ts'
import type { Catalog } from '../../store/open.ts'
import { type Counts, readSwarmSnapshot, type SwarmSnapshot } from './swarm-snapshot.ts'
import { toCount } from './tracker-counts.ts'

export interface OwnTrackerParts {
  catalog: Catalog
  /** A guarded fetch that may reach private hosts, since these addresses are the operator's. */
  fetch: GuardedFetch
  adminToken: string | undefined
  signal: AbortSignal
}

/** How often all counts are compared with the catalog, not only those that changed at the tracker. */
const fullEveryMs = 5 * 60_000
/** Unchanged counts are written again after this time, to show that they are recent. */
const touchAfterMs = 10 * 60_000
const pageSize = 5_000

/** Makes the round for a tracker that lists all its swarms. */
export function createSnapshotRound(announceUrl: string, parts: OwnTrackerParts): () => Promise<void> {
  const { catalog, signal } = parts
  let known: SwarmSnapshot = new Map()
  let seq = 0
  let fullAt = Number.NEGATIVE_INFINITY

  const write = async (contents: readonly AnnouncedContent[], snapshot: SwarmSnapshot, at: Date) => {
    const counts = contents.map((content) => toCount(content, { counts: snapshot }, nobody))
    await writeSwarmCounts(catalog.db, { tracker: announceUrl, own: true, at, counts, touchAfterMs })
  }

  return async () => {
    const at = new Date()
    const reached = await readInfoHashSeq(catalog.db)
    const snapshot = await readSwarmSnapshot(parts.fetch, announceUrl, parts)
    if (performance.now() - fullAt > fullEveryMs) {
      await writeAll(catalog, signal, (contents) => write(contents, snapshot, at))
      fullAt = performance.now()
      seq = reached
    } else {
      const fresh = await readNamesSince(catalog.db, seq)
      const names = [...new Set([...changedNames(known, snapshot), ...fresh.names])]
      for (let i = 0; i < names.length; i += pageSize) {
        await write(await findAnnounced(catalog.db, names.slice(i, i + pageSize)), snapshot, at)
      }
      seq = fresh.seq
    }
    known = snapshot
  }
}

async function writeAll(
  catalog: Catalog,
  signal: AbortSignal,
  write: (contents: readonly AnnouncedContent[]) => Promise<void>,
): Promise<void> {
  let after = 0
  while (!signal.aborted) {
    const contents = await readAnnouncedPage(catalog.db, { after, limit: pageSize })
    await write(contents)
    if (contents.length < pageSize) return
    after = contents.at(-1)!.id
  }
}

const nobody: Counts = { seeders: 0, leechers: 0, completed: 0 }

function* changedNames(before: SwarmSnapshot, after: SwarmSnapshot): Generator<string> {
  for (const [name, now] of after) {
    const then = before.get(name) ?? nobody
    if (then.seeders !== now.seeders || then.leechers !== now.leechers || then.completed !== now.completed)
      yield name
  }
  for (const name of before.keys()) if (!after.has(name)) yield name
}
