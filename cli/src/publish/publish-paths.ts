import { realpath, rm } from 'node:fs/promises'
import { collections } from '@holdfast/lexicons/nsid'
import type { CreatedTorrent } from '@holdfast/torrent/create'
import { formatMagnet } from '@holdfast/torrent/magnet'
import { parseMetainfo, type Tracker, type Webseed } from '@holdfast/torrent/metainfo'
import { reissueMetainfo } from '@holdfast/torrent/reissue'
import type { WebseedFetch } from '@holdfast/torrent/webseed'
import type { Connections, SignedIn } from '../connections.ts'
import { saveTorrent } from '../files/save-torrent.ts'
import { warn } from '../output/terminal.ts'
import type { Written } from '../records/put-guarded.ts'
import type { RecordJson, RecordRef } from '../records/repo.ts'
import type { MadeFromAddresses } from '../remote/make-from-addresses.ts'
import { makeTorrent, type TorrentOptions, torrentPath } from './make-torrent.ts'
import type { MergeNotes } from './merge-notes.ts'
import { originWebseeds } from './origin-webseeds.ts'
import { findPredecessor, type Successor, tellOfNamesake } from './predecessor.ts'
import type { Statement } from './put-dataset.ts'
import { factsOf, mergeTorrent, putTorrent, saidOf } from './put-torrent.ts'

export interface PathOptions extends TorrentOptions {
  readonly output?: string
  /** Whether to write the .torrent to disk. */
  readonly save: boolean
  readonly originWebseeds: boolean
  readonly metainfoUrl?: string[]
}

/** A torrent that was made from a path and is ready to be published. */
export interface MadeTorrent {
  readonly created: CreatedTorrent
  /** Undefined if the AppView could not be asked for its trackers. */
  readonly trackers: readonly string[] | undefined
  readonly webseeds: readonly Webseed[]
  /** The path or address that it was made from. */
  readonly path: string
  /** The file to save it to. */
  readonly file: string | undefined
  readonly overwrites: boolean
}

export interface Surroundings {
  readonly trackers: readonly string[] | undefined
  /** The dataset, whose own download addresses may serve as webseeds. */
  readonly dataset: RecordJson
  readonly fetch: WebseedFetch
}

/** Hashes a path. Its webseeds are those given and those of the origin that still serve the files. */
export async function makeFromPath(
  path: string,
  options: PathOptions,
  { trackers, dataset, fetch }: Surroundings,
): Promise<MadeTorrent> {
  const file = torrentPath(path, options.output)
  const created = await makeTorrent([path], options, { trackers: trackers ?? [], file })
  const parsed = parseMetainfo(created.metainfo)
  const origin = options.originWebseeds ? await originWebseeds(dataset, parsed, fetch) : []
  if (options.resume) await rm(`${file}.resume`, { force: true })
  return {
    created,
    trackers,
    webseeds: distinct([...parsed.webseeds, ...origin]),
    path: await realpath(path),
    file: options.save ? file : undefined,
    overwrites: options.overwrite ?? false,
  }
}

/** What `publishMade` needs of a torrent of remote files, whose own server is its webseed. */
export function fromAddresses(
  { created, file, webseed }: MadeFromAddresses,
  options: PathOptions & { readonly trackers: readonly string[] | undefined },
): MadeTorrent {
  return {
    created,
    trackers: options.trackers,
    webseeds: parseMetainfo(created.metainfo).webseeds,
    path: webseed.endsWith('/') ? `${webseed}${encodeURIComponent(created.name)}/` : webseed,
    file: options.save ? file : undefined,
    overwrites: options.overwrite ?? false,
  }
}

/** A torrent that was published, as `publish --json` prints it. */
export interface PublishedPath extends RecordRef, MergeNotes {
  readonly action: Written['action']
  readonly infoHashV1: string | null
  readonly infoHashV2: string | null
  readonly magnet: string
  readonly file?: string
}

/** The account that publishes, and the servers that it may ask. */
export interface Publisher {
  readonly connections: Connections
  readonly account: SignedIn
}

export interface PublishOptions {
  readonly dataset: RecordRef
  readonly about: RecordJson
  readonly metainfoUrls: readonly string[]
  /** Whether webseeds that the record already has are kept. */
  readonly keepsWebseeds: boolean
  readonly statement: Statement
  /** Torrents that this run has published before; they are not older versions of this one. */
  readonly siblings: readonly string[]
}

/** Saves the .torrent and writes its record for a dataset. What this run does not know stays as the record has it. */
export async function publishMade(
  { connections, account }: Publisher,
  made: MadeTorrent,
  options: PublishOptions,
): Promise<PublishedPath> {
  const { infoHashV1, infoHashV2, name, sizeBytes } = made.created
  const { repo } = account
  const existing = await repo.get(collections.torrent, (infoHashV2 ?? infoHashV1)!)
  const { states, source } = options.statement
  const before = existing && (await states.get(existing.uri, source))
  const said = sayAbout(made, before, options)
  const { record, notes } = await mergeTorrent(existing, said, options.statement)
  const { trackers = [], webseeds = [] } = record as { trackers?: Tracker[]; webseeds?: Webseed[] }
  const parsed = parseMetainfo(made.created.metainfo)
  const metainfo = reissueMetainfo(parsed, { trackers, webseeds })
  const file = made.file && (await save(made.file, made, metainfo))
  const place = { did: repo.did, dataset: options.dataset.uri, path: made.path }
  const predecessor =
    existing || options.about.supersedes
      ? undefined
      : await findPredecessor(connections, account, { place, metainfo: parsed })
  const draft = {
    ...factsOf(made.created),
    metainfo,
    metainfoUrls: options.metainfoUrls,
    datasets: [{ uri: options.dataset.uri, cid: options.dataset.cid }],
    trackers,
    webseeds,
    about: options.about,
    predecessor,
  }
  const { uri, cid, action } = await putTorrent(repo, draft, options.statement)
  await states.remember(uri, source, { ...before, ...said })
  await remember(
    { connections, account },
    { place, metainfo: parsed },
    { uri, predecessor, isNew: !existing, siblings: options.siblings },
  )
  const magnet = formatMagnet({
    infoHashV1,
    infoHashV2,
    name,
    sizeBytes,
    trackers: trackers.map(({ url }) => url),
    webseeds: webseeds.map(({ url }) => url),
  })
  return { uri, cid, action, ...notes, infoHashV1, infoHashV2, magnet, ...(file && { file }) }
}

/**
 * The fields that this run states about a torrent. Trackers that it could not ask for stay as they are, and so do
 * webseeds unless some are given.
 */
function sayAbout(
  made: MadeTorrent,
  before: RecordJson | undefined,
  { about, keepsWebseeds }: PublishOptions,
): RecordJson {
  const trackers = (made.trackers ?? []).map((url, tier) => ({ url, tier }))
  const kept = keepsWebseeds ? ((before?.webseeds ?? []) as Webseed[]) : []
  return { ...saidOf({ trackers, webseeds: distinct([...made.webseeds, ...kept]) }), ...about }
}

function distinct(seeds: readonly Webseed[]): Webseed[] {
  return [...new Map(seeds.map(({ url, kind }) => [`${kind} ${url}`, { url, kind }])).values()]
}

interface Remembered {
  readonly uri: string
  readonly predecessor: RecordRef | undefined
  readonly isNew: boolean
  readonly siblings: readonly string[]
}

/** If files are again as they once were, the torrent is the old one again, and does not supersede what replaced it. */
async function remember(
  { connections, account }: Publisher,
  successor: Successor,
  { uri, predecessor, isNew, siblings }: Remembered,
): Promise<void> {
  const { place } = successor
  const published = await connections.published()
  const isKnown = (await published.latest(place)).length > 0
  if (isNew && !isKnown) await tellOfNamesake(account, successor, siblings)
  if (isNew || !isKnown) await published.remember(place, uri, predecessor?.uri)
}

/** Resolves to the path of the file; undefined if it could not be saved. */
async function save(
  place: string,
  { created, overwrites }: MadeTorrent,
  metainfo: Uint8Array,
): Promise<string | undefined> {
  try {
    const { infoHashV1, infoHashV2, name } = created
    const torrent = { infoHashV1, infoHashV2, name, chunks: () => [metainfo] }
    return (await saveTorrent(place, torrent, { overwrites })).file
  } catch (error) {
    warn(`the .torrent could not be saved (${(error as Error).message}); choose a place with --output.`)
    return undefined
  }
}
