import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testBackends } from '../../testing/backends.ts'
import type { Catalog } from '../store/open.ts'
import { rows } from '../store/sql.ts'
import { type ContentFacts, storeContents } from './contents.ts'

describe.each(testBackends())('verified metainfo on $name', ({ open }) => {
  let catalog: Catalog
  beforeAll(async () => {
    catalog = await open()
  })
  afterAll(() => catalog[Symbol.asyncDispose]())

  test('torrents that share an infohash are one content, within a batch and later', async () => {
    const [v1, v2] = ['a'.repeat(40), 'b'.repeat(64)]
    const batch = [
      verified('one', { v1, v2 }),
      verified('two', { v1: 'c'.repeat(40), v2: null }),
      verified('three', { v1, v2: null }),
      verified('four', { v1: null, v2 }),
    ]
    const [one, two, three, four] = await storeContents(catalog.db, batch)
    expect(three).toBe(one)
    expect(four).toBe(one)
    expect(two).not.toBe(one)
    expect(await storeContents(catalog.db, [verified('five', { v1: null, v2 })])).toEqual([one])

    const [files] = await rows<{ n: number }>(catalog.db, sql`SELECT count(*)::int AS n FROM catalog.file`)
    expect(files?.n).toBe(2)
    const kept = await rows<{ cid: string; text: string }>(
      catalog.db,
      sql`SELECT cid, convert_from(bytes, 'UTF8') AS text
          FROM catalog.metainfo JOIN catalog.metainfo_slice USING (cid) WHERE content_id = ${one} ORDER BY cid`,
    )
    expect(kept.map(({ cid, text }) => [cid, text])).toEqual(
      ['five', 'four', 'one', 'three'].map((name) => [name, `the bytes of ${name}`]),
    )
  })

  test('all files are stored, even more than fit into one statement', async () => {
    const files = (count: number, name: string) =>
      Array.from({ length: count }, (_, i) => ({ path: `${name}/${i}`, sizeBytes: i, piecesRoot: null }))
    const ids = await storeContents(catalog.db, [
      { ...verified('many', { v1: 'd'.repeat(40), v2: null }, files(15_000, 'x')) },
      { ...verified('more', { v1: 'e'.repeat(40), v2: null }, files(15_000, 'y')) },
    ])
    for (const id of ids) {
      const [kept] = await rows<{ n: number; last: string }>(
        catalog.db,
        sql`SELECT count(*)::int AS n, max(position)::text AS last FROM catalog.file WHERE content_id = ${id}`,
      )
      expect(kept).toEqual({ n: 15_000, last: '14999' })
    }
  })
})

function verified(
  name: string,
  { v1, v2 }: { v1: string | null; v2: string | null },
  files: ContentFacts['files'] = [{ path: name, sizeBytes: 1, piecesRoot: null }],
) {
  const facts: ContentFacts = {
    infoHashV1: v1,
    infoHashV2: v2,
    name,
    sizeBytes: 1,
    pieceLengthBytes: 16_384,
    fileCount: files.length,
    private: false,
    files,
  }
  return { facts, metainfo: { cid: name, bytes: new TextEncoder().encode(`the bytes of ${name}`) } }
}
