import { rm, writeFile } from 'node:fs/promises'
import { collections } from '@holdfast/lexicons/nsid'
import type { CreatedTorrent } from '@holdfast/torrent/create'
import { formatMagnet } from '@holdfast/torrent/magnet'
import { parseMetainfo, type Tracker, type WebSeed } from '@holdfast/torrent/metainfo'
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
  readonly created: CreatedTorrent
  /** Undefined when the AppView could not be asked for its own. */
  readonly trackers: readonly string[] | undefined
  readonly webSeeds: readonly WebSeed[]
  /** Where it is to be saved. */
  readonly file: string | undefined
}

export interface Surroundings {
  readonly trackers: readonly string[] | undefined
  /** The dataset, whose own download addresses may serve as webseeds. */
  readonly dataset: RecordJson
  readonly fetch: WebSeedFetch
}

/** Hashes a path; its webseeds are those given and the origin's own that still serve it. */
export async function makeFromPath(
  path: string,
  options: PathOptions,
  { trackers, dataset, fetch }: Surroundings,
): Promise<MadeTorrent> {
  const file = torrentPath(path, options.output)
  const created = await makeTorrent([path], options, { trackers: trackers ?? [], file })
  const parsed = parseMetainfo(created.metainfo)
  const origin = options.originWebseeds ? await originWebSeeds(dataset, parsed, fetch) : []
  if (options.resume) await rm(`${file}.resume`, { force: true })
  return {
    created,
    trackers,
    webSeeds: distinct([...parsed.webSeeds, ...origin]),
    file: options.save ? file : undefined,
  }
}

/** A torrent that was published, as `publish --json` tells of it. */
export interface PublishedPath extends RecordRef {
  readonly action: Written['action']
  readonly infoHashV1: string | null
  readonly infoHashV2: string | null
  readonly magnet: string
  readonly file?: string
}

export interface PublishOptions {
  readonly dataset: RecordRef
  readonly about: RecordJson
  readonly metainfoUrls: readonly string[]
  /** Webseeds that the record has already stay. */
  readonly keepsWebSeeds: boolean
}

/** Saves the .torrent and writes its record for a dataset. What is not known this time is as the record has it. */
export async function publishMade(
  repo: Repo,
  made: MadeTorrent,
  options: PublishOptions,
): Promise<PublishedPath> {
  const { infoHashV1, infoHashV2, name, sizeBytes, pieceLengthBytes, fileCount } = made.created
  const existing = await repo.get(collections.torrent, (infoHashV2 ?? infoHashV1)!)
  const trackers =
    made.trackers?.map((url, tier) => ({ url, tier })) ?? ((existing?.value.trackers ?? []) as Tracker[])
  const kept = options.keepsWebSeeds ? ((existing?.value.webSeeds ?? []) as WebSeed[]) : []
  const webSeeds = distinct([...made.webSeeds, ...kept])
  const metainfo = reissueMetainfo(parseMetainfo(made.created.metainfo), { trackers, webSeeds })
  const saved = made.file && (await save(made.file, metainfo))
  const { uri, cid, action } = await putTorrent(repo, {
    infoHashV1,
    infoHashV2,
    name,
    sizeBytes,
    pieceLengthBytes,
    fileCount,
    metainfo,
    metainfoUrls: options.metainfoUrls,
    datasets: [{ uri: options.dataset.uri, cid: options.dataset.cid }],
    trackers,
    webSeeds,
    about: options.about,
  })
  const magnet = formatMagnet({
    infoHashV1,
    infoHashV2,
    name,
    sizeBytes,
    trackers: trackers.map(({ url }) => url),
    webSeeds: webSeeds.map(({ url }) => url),
  })
  return { uri, cid, action, infoHashV1, infoHashV2, magnet, ...(saved && { file: made.file! }) }
}

function distinct(seeds: readonly WebSeed[]): WebSeed[] {
  return [...new Map(seeds.map(({ url, kind }) => [`${kind} ${url}`, { url, kind }])).values()]
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
