import { identityKeys } from '@holdfast/lexicons/identifiers'
import { sql } from 'drizzle-orm'
import { anyIdOf, recordset } from '../../store/sql.ts'
import { datasetsJudgedBy } from '../derive/assessed.ts'
import { boundedKey } from '../derive/cards.ts'
import { addAll } from '../derive/touched.ts'
import { goneBefore } from './gone-before.ts'
import type { Indexer } from './indexer.ts'

interface Assessment {
  subject: { uri?: string; identifiers?: { scheme: string; value: string }[] }
  risk?: { level?: string; expectedGone?: string }
  scarcity?: string
  assessedAt?: string
}

/** An assessment applies by at most this many identifiers; any more are ignored. */
const maxSubjectKeys = 20

/** Assessments by anyone, each shown as its author's claim. */
export const assessmentIndexer: Indexer = {
  async write(tx, records) {
    const input = records.map(({ id, value }) => {
      const { subject, risk, scarcity, assessedAt } = value as unknown as Assessment
      return {
        id,
        subjectUri: subject.uri ?? null,
        keys: identityKeys({ identifiers: subject.identifiers }).slice(0, maxSubjectKeys).map(boundedKey),
        level: risk?.level ?? null,
        scarcity: scarcity ?? null,
        gone: goneBefore(risk?.expectedGone),
        at: assessedAt ?? null,
      }
    })
    await tx.execute(sql`
      INSERT INTO catalog.assessment
        (id, did, subject_uri, subject_keys, risk, scarcity, gone_before, assessed_at, visible)
      SELECT r.id, r.did, "subjectUri", ARRAY(SELECT jsonb_array_elements_text(keys)), level, scarcity, gone,
        least(coalesce(at, r.created_at), r.indexed_at), r.visible
      FROM ${recordset(
        input,
        'id bigint, "subjectUri" text, keys jsonb, level text, scarcity text, gone date, at timestamptz',
      )} JOIN catalog.record r USING (id)`)
  },
  async remove(tx, ids, touched) {
    addAll(touched.assessedDatasets, await datasetsJudgedBy(tx, ids))
    await tx.execute(sql`DELETE FROM catalog.assessment WHERE id = ${anyIdOf(ids)}`)
  },
}
