import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Metainfo, parseMetainfo } from '@holdfast/torrent/metainfo'
import { CommandError } from '../command-error.ts'
import { warn } from '../output/terminal.ts'
import { fileName, type Saved, saveFile } from './save.ts'

/** A `.torrent` to be saved. */
export interface TorrentFile {
  readonly name: string
  readonly infoHashV1: string | null
  readonly infoHashV2: string | null
  readonly chunks: () => Iterable<Uint8Array>
}

export interface SavedTorrent {
  readonly file: string
  /** `kept`: the existing file has the same content but other outer fields, such as trackers, and was not changed. */
  readonly saved: Saved
}

/**
 * Saves a `.torrent`. An existing file, another `.torrent` or not, is replaced only if that was asked for; otherwise
 * this one is saved next to it, with the start of its infohash in its name.
 */
export async function saveTorrent(
  place: string,
  torrent: TorrentFile,
  options: { readonly overwrites: boolean },
): Promise<SavedTorrent> {
  const saved = await saveFile(place, torrent.chunks(), options)
  if (saved !== 'kept') return { file: place, saved }
  const there = await readTorrent(place)
  if (there && isSameData(there, torrent)) return replaceIfNothingIsLost(place, there, torrent)
  const beside = join(dirname(place), fileName(torrent.name, `.${shortHash(torrent)}.torrent`))
  if (beside === place)
    throw new CommandError('failure', `${place} already exists and was not changed; choose another --output.`)
  warn(`${place} exists and is not this torrent, so it was not changed; this one is saved as ${beside}.`)
  return saveTorrent(beside, torrent, options)
}

/** The first eight digits of the infohash, to distinguish torrents of one name. */
export function shortHash(torrent: Pick<Metainfo, 'infoHashV1' | 'infoHashV2'>): string {
  return (torrent.infoHashV2 ?? torrent.infoHashV1 ?? '').slice(0, 8)
}

/** Replaces the existing file if it has the same content and the new file keeps every outer field of it. */
async function replaceIfNothingIsLost(
  place: string,
  there: Metainfo,
  torrent: TorrentFile,
): Promise<SavedTorrent> {
  const newer = parseMetainfo(Buffer.concat([...torrent.chunks()]))
  const urls = (file: Metainfo) => [...file.trackers, ...file.webseeds].map(({ url }) => url)
  const said = new Set(urls(newer))
  const isCovered =
    urls(there).every((url) => said.has(url)) && (there.comment === null || there.comment === newer.comment)
  if (isCovered) return { file: place, saved: await saveFile(place, [newer.bytes], { overwrites: true }) }
  warn(
    `${place} has the same content but other trackers or webseeds, so it was not changed; use --overwrite to replace it.`,
  )
  return { file: place, saved: 'kept' }
}

function isSameData(there: Metainfo, { infoHashV1, infoHashV2 }: TorrentFile): boolean {
  return there.infoHashV1 === infoHashV1 && there.infoHashV2 === infoHashV2
}

async function readTorrent(place: string): Promise<Metainfo | undefined> {
  try {
    return parseMetainfo(await readFile(place))
  } catch {
    return undefined
  }
}
