import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MetainfoError, parseMetainfo } from '@holdfast/torrent/metainfo'
import type { Bench } from './main.ts'

const folder = join(import.meta.dirname, '../../../shared/data/torrents')
const verdicts = join(folder, 'libtorrent-2.0.8-verdicts.jsonl')

/** Files that libtorrent accepts and we reject, with the field: torrent/README.md gives the reasons. */
const stricter: Record<string, string> = {
  'duplicate_files.torrent': 'info.files',
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

/**
 * Compares our results for real `.torrent` files, from a folder next to the project, with libtorrent's: `differing`
 * must be 0.
 */
export const run: Bench = async ({ log }) => {
  if (!existsSync(verdicts))
    throw new Error(`no ${verdicts}: put .torrent files and libtorrent's verdicts there`)
  const lines = readFileSync(verdicts, 'utf8').trim().split('\n')
  const told = lines.map((line) => JSON.parse(line) as Verdict)
  const differing = told.filter((verdict) => !isAgreed(verdict))
  for (const { file } of differing) log(`differs: ${file}`)
  return { figures: { files: told.length, differing: differing.length }, ratios: {} }
}

function isAgreed(verdict: Verdict): boolean {
  const places = [join(folder, verdict.file), join(folder, 'libtorrent', verdict.file)]
  const bytes = readFileSync(places.find((path) => existsSync(path))!)
  const field = stricter[verdict.file]
  try {
    const found = parseMetainfo(bytes)
    // libtorrent's sizes include the padding that v2 puts between files.
    const isSame =
      found.infoHashV1 === verdict.v1 &&
      found.infoHashV2 === verdict.v2 &&
      found.paddedSizeBytes === verdict.size
    return verdict.ok && !field && isSame && found.files.length === found.fileCount
  } catch (error) {
    if (!(error instanceof MetainfoError)) throw error
    return field ? error.field === field : !verdict.ok
  }
}
