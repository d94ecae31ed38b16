import type { defs } from '@holdfast/lexicons'
import { sql } from 'drizzle-orm'
import { type Db, preparedRows, rows } from '../../../store/sql.ts'
import { shown } from '../../shown.ts'
import { keptBriefly } from '../gathering/kept-briefly.ts'
import { countParts } from '../gathering/part-views.ts'
import { type AuthorRow, authorJson, toAuthorView } from '../records/author-views.ts'

/** How far the gathering of a dataset is, and who works on it. */
export interface Gathering {
  readonly counts: defs.PartCounts
  /** Accounts with a part in progress, at most {@link mostWorkers}. */
  readonly workers: readonly defs.AuthorView[]
  /** The first day on which a part that is not gathered can be gone, as YYYY-MM-DD. */
  readonly deadline: string | undefined
}

/** Reads how far a dataset is; undefined for one that nobody divided. */
export type ReadGathering = (datasetUri: string) => Promise<Gathering | undefined>

const mostWorkers = 20

/** Makes a reader of how far datasets are gathered; answers may be half a second old. */
export function gatheringReader(db: Db): ReadGathering {
  return keptBriefly((dataset: string) => readGathering(db, dataset))
}

async function readGathering(db: Db, dataset: string): Promise<Gathering | undefined> {
  // The deadline is the first in the order of the index `part_next`.
  const [divided] = await preparedRows<{ deadline: string | null }>(
    db,
    sql`SELECT (SELECT q.deadline::text FROM catalog.part q WHERE q.dataset_uri = ${dataset} AND q.open_to > 0 AND q.visible
            ORDER BY coalesce(q.deadline, 'infinity') LIMIT 1) AS deadline
        FROM catalog.part p WHERE p.dataset_uri = ${dataset} AND ${shown('p')} LIMIT 1`,
  )
  if (!divided) return undefined
  const workers = await rows<{ author: AuthorRow }>(
    db,
    sql`SELECT ${authorJson(sql`w.did`)} AS author FROM (
          SELECT c.did FROM catalog.part q JOIN catalog.claim c ON c.part_key = q.key
          WHERE q.dataset_uri = ${dataset} AND q.state = 'claimed' AND c.counts_until > now() AND ${shown('c')}
            AND c.status <> 'done' GROUP BY c.did ORDER BY min(c.order_at) LIMIT ${mostWorkers}) AS w`,
  )
  return {
    counts: await countParts(db, { dataset }),
    workers: workers.map(({ author }) => toAuthorView(author)),
    deadline: divided.deadline ?? undefined,
  }
}
