import { sql } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { testBackends } from '../../../testing/backends.ts'
import { did, putTorrent } from '../../../testing/publishing.ts'
import { baseOf } from '../../search-terms/codes.ts'
import { rows } from '../../store/sql.ts'
import { applyAdmissionPolicy } from '../admission-policy.ts'
import { applyBatch, type RecordOp } from '../apply-batch.ts'

const infoHashV1 = 'ab'.repeat(20)
const torrent = (n: number): RecordOp => ({
  ...{ action: 'put', kind: 'torrent', uri: `at://${did}/torrent/${n}`, cid: `cid-${n}` },
  value: {
    ...{ createdAt: '2026-01-02T03:04:05Z', name: 'ice', infoHashV1 },
    metainfo: { $type: 'blob', ref: { $link: 'blob-first' }, mimeType: 'application/x-bittorrent', size: 1 },
  },
})

describe.each(testBackends())('many records of one content, on $name', ({ open }) => {
  test('the oldest are found by all paths, and others by the first', async () => {
    await using catalog = await open()
    await applyAdmissionPolicy(catalog.db, 'open')
    await putTorrent(catalog, 'first', { infoHashV1 })
    await catalog.db.execute(sql`
      INSERT INTO catalog.file (content_id, position, path, size_bytes)
      SELECT c.id, n, 'word' || n, 1 FROM catalog.content c, generate_series(1, 2000) n`)
    const ops = Array.from({ length: 100 }, (_, n) => torrent(n))
    await applyBatch(catalog.db, { commits: [{ did, rev: '3o00000000001', dataCid: 'd', ops }] })
    const foundBy = async (word: string) => {
      const [row] = await rows<{ n: number }>(
        catalog.db,
        sql`SELECT count(*)::int AS n FROM catalog.torrent WHERE ${baseOf(word)}::bigint = ANY (codes)`,
      )
      return row!.n
    }
    expect(await foundBy('word7')).toBe(100)
    // The record that was verified by itself knew no files, and is the oldest.
    expect(await foundBy('word1999')).toBe(9)
  })
})
