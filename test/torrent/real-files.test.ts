import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MetainfoError, parseMetainfo } from '@holdfast/torrent/metainfo'
import { describe, expect, test } from 'vitest'

const folder = join(import.meta.dirname, '../../../shared/data/torrents')
const verdicts = join(folder, 'libtorrent-2.0.8-verdicts.jsonl')
const isThere = existsSync(verdicts)
if (!isThere)
  console.log(
    'left out: real .torrent files with libtorrent’s verdicts (no ../shared/data beside the project)',
  )

/** Files that libtorrent accepts and we refuse, with the field: torrent/README.md gives the reasons. */
const stricter: Record<string, string> = {
  'absolute_filename.torrent': 'info.files[1].path',
  'hidden_parent_path.torrent': 'info.files[0].path',
  'parent_path.torrent': 'info.files[0].path',
  'v2_invalid_root_hash.torrent':
    'piece layers.3a147211c0e33dd05f3c317546f9d3ad7123281c319d4dc4fddc50f8ff6b5f47',
}

interface Verdict {
  readonly file: string
  readonly ok: boolean
  readonly v1?: string | null
  readonly v2?: string | null
  readonly size?: number
}

describe.runIf(isThere)('real files get libtorrent’s verdict', () => {
  const lines = isThere ? readFileSync(verdicts, 'utf8').trim().split('\n') : []
  test.each(lines.map((line) => JSON.parse(line) as Verdict))('$file', (verdict) => {
    const place = [join(folder, verdict.file), join(folder, 'libtorrent', verdict.file)].find((path) =>
      existsSync(path),
    )
    const bytes = readFileSync(place!)
    const field = stricter[verdict.file]
    if (field) return expect(() => parseMetainfo(bytes)).toThrow(expect.objectContaining({ field }))
    if (!verdict.ok) return expect(() => parseMetainfo(bytes)).toThrow(MetainfoError)
    const found = parseMetainfo(bytes)
    // libtorrent's sizes count the padding that v2 puts between files.
    expect([found.infoHashV1, found.infoHashV2, found.paddedSizeBytes]).toEqual([
      verdict.v1,
      verdict.v2,
      verdict.size,
    ])
    expect(found.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)).toBe(found.sizeBytes)
    expect(found.files).toHaveLength(found.fileCount)
  })
})
