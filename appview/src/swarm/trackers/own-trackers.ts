/**
 * Counts at the operator's own trackers, every few seconds: all swarms at once where the tracker offers that, else
 * scraped like anybody's (BEP 48, BEP 15). What did not change is not written again.
 */
import type { Catalog } from '../../catalog/open.ts'
import {
  type AnnouncedContent,
  findAnnounced,
  readAnnouncedPage,
  readInfoHashSeq,
  readNamesSince,
} from '../../catalog/swarms/swarm-contents.ts'
import { writeSwarmCounts } from '../../catalog/swarms/swarm-counts.ts'
import type { GuardedFetch } from '../../guarded-fetch.ts'
import { type Counts, readSwarmSnapshot, type SwarmSnapshot } from './swarm-snapshot.ts'
import { toCount } from './tracker-counts.ts'

export interface OwnTrackerParts {
  catalog: Catalog
  /** Reaches private hosts: these addresses are the operator's. */
  fetch: GuardedFetch
  adminToken: string | undefined
  signal: AbortSignal
}

/** Everything is compared with the catalogue so often, whatever the tracker says has changed. */
const fullEveryMs = 5 * 60_000
/** What did not change is written again after this, so that it shows how old it is. */
const touchAfterMs = 10 * 60_000
const pageSize = 5_000

/** Makes the round that reads one tracker that lists all its swarms. */
export function createSnapshotRound(announceUrl: string, parts: OwnTrackerParts): () => Promise<void> {
  const { catalog, signal } = parts
  let known: SwarmSnapshot = new Map()
  let seq = 0
  let fullAt = Number.NEGATIVE_INFINITY

  const write = async (contents: readonly AnnouncedContent[], snapshot: SwarmSnapshot, at: Date) => {
    const counts = contents.map((content) => toCount(content, { counts: snapshot }, nobody))
    await writeSwarmCounts(catalog.db, { tracker: announceUrl, at, counts, touchAfterMs })
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
