import { rm, writeFile } from 'node:fs/promises'
import type { CreatedTorrent } from '@holdfast/torrent/create'
import { formatMagnet } from '@holdfast/torrent/magnet'
import { parseMetainfo, type WebSeed } from '@holdfast/torrent/metainfo'
import { reissueMetainfo } from '@holdfast/torrent/reissue'
import type { WebSeedFetch } from '@holdfast/torrent/webseed'
import { warn } from '../output/terminal.ts'
import type { Written } from '../records/put-guarded.ts'
import type { RecordJson, RecordRef, Repo } from '../records/repo.ts'
import { makeTorrent, type TorrentOptions, torrentPath } from './make-torrent.ts'
import { originWebSeeds } from './origin-webseeds.ts'
import { putTorrent } from './put-torrent.ts'

export interface PathOptions extends TorrentOptions {
  readonly output?: string
  /** Whether the .torrent is written to disk. */
  readonly save: boolean
  readonly originWebseeds: boolean
  readonly metainfoUrl?: string[]
}

/** A torrent of a path, ready to be published. */
export interface MadeTorrent {
  readonly path: string
  readonly created: CreatedTorrent
  readonly metainfo: Uint8Array
  readonly trackers: readonly string[]
  readonly webSeeds: readonly WebSeed[]
  /** Where it was saved. */
  readonly file: string | undefined
}

export interface Surroundings {
  readonly trackers: readonly string[]
  /** The dataset, whose own download addresses may serve as webseeds. */
  readonly dataset: RecordJson
  readonly fetch: WebSeedFetch
}

/** Hashes a path and saves its .torrent, whose webseeds are those given and the origin's own that still serve it. */
export async function makeFromPath(
  path: string,
  options: PathOptions,
  { trackers, dataset, fetch }: Surroundings,
): Promise<MadeTorrent> {
  const file = torrentPath(path, options.output)
  const created = await makeTorrent([path], options, { trackers, file })
  const parsed = parseMetainfo(created.metainfo)
  const origin = options.originWebseeds ? await originWebSeeds(dataset, parsed, fetch) : []
  const given = parsed.webSeeds.map(({ url }) => url)
  const webSeeds = [...parsed.webSeeds, ...origin.filter(({ url }) => !given.includes(url))]
  const metainfo = origin.length > 0 ? reissueMetainfo(parsed, { webSeeds }) : created.metainfo
  const saved = options.save && (await save(file, metainfo))
  if (options.resume) await rm(`${file}.resume`, { force: true })
  return { path, created, metainfo, trackers, webSeeds, file: saved ? file : undefined }
}

/** A torrent that was published, as `publish --json` tells of it. */
export interface PublishedPath extends RecordRef {
  readonly action: Written['action']
  readonly infoHashV1: string | null
  readonly infoHashV2: string | null
  readonly magnet: string
  readonly file?: string
}

/** Writes the record of a torrent for a dataset. */
export async function publishMade(
  repo: Repo,
  made: MadeTorrent,
  options: { dataset: RecordRef; about: RecordJson; metainfoUrls: readonly string[] },
): Promise<PublishedPath> {
  const { infoHashV1, infoHashV2, name, sizeBytes, pieceLengthBytes, fileCount } = made.created
  const { uri, cid, action } = await putTorrent(repo, {
    infoHashV1,
    infoHashV2,
    name,
    sizeBytes,
    pieceLengthBytes,
    fileCount,
    metainfo: made.metainfo,
    metainfoUrls: options.metainfoUrls,
    datasets: [{ uri: options.dataset.uri, cid: options.dataset.cid }],
    trackers: made.trackers.map((url, tier) => ({ url, tier })),
    webSeeds: made.webSeeds,
    about: options.about,
  })
  const webSeeds = made.webSeeds.map(({ url }) => url)
  const magnet = formatMagnet({ infoHashV1, infoHashV2, name, sizeBytes, trackers: made.trackers, webSeeds })
  return { uri, cid, action, infoHashV1, infoHashV2, magnet, ...(made.file && { file: made.file }) }
}

async function save(file: string, metainfo: Uint8Array): Promise<boolean> {
  try {
    await writeFile(file, metainfo)
    return true
  } catch (error) {
    warn(`the .torrent could not be saved (${(error as Error).message}); choose a place with --output.`)
    return false
  }
}
