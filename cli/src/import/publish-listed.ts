import { setTimeout as wait } from 'node:timers/promises'
import { collections } from '@holdfast/lexicons/nsid'
import { retryAfterMs } from '@holdfast/runtime/retry-after'
import type { Metainfo } from '@holdfast/torrent/metainfo'
import { CommandError } from '../command-error.ts'
import { fetchFromSwarm } from '../content/swarm-metainfo.ts'
import { fetchTorrentFile } from '../content/torrent-file.ts'
import type { Statement } from '../publish/put-dataset.ts'
import { factsOf, putTorrent, saidOf } from '../publish/put-torrent.ts'
import type { Written } from '../records/put-guarded.ts'
import type { RecordJson, RecordRef, Repo } from '../records/repo.ts'
import type { ListedTorrent } from './listed-torrent.ts'

/** What became of a listed torrent, under its first infohash. */
export type ListedOutcome =
  | { readonly infoHash: string; readonly uri: string; readonly action: Written['action'] }
  | { readonly infoHash: string; readonly problem: string }

export interface ListedParts {
  readonly repo: Repo
  readonly statement: Statement
  /** Fetches `.torrent`s, within limits. */
  readonly fetch: typeof fetch
  /** Trackers that every record names beside those in its `.torrent`, such as the AppView's. */
  readonly trackers: readonly string[]
  /** For development only: whether trackers inside this network are asked for a `.torrent`. */
  readonly allowPrivateHosts: boolean
}

/** Publishes listed torrents for a dataset, one after the other. */
export type PublishListed = (
  dataset: RecordRef,
  torrents: readonly ListedTorrent[],
) => AsyncGenerator<ListedOutcome>

/** The time between two requests to one host, which may belong to a small index. */
const paceMs = 1_000
const longestWaitMs = 300_000

/**
 * Prepares to publish torrents that other indexes list. A `.torrent` is fetched, at most one a second from a host, only if
 * the repo has no record of it yet; it must have the infohash that the index states, and a private one is refused.
 */
export async function listedPublisher({
  repo,
  statement,
  fetch,
  trackers,
  allowPrivateHosts,
}: ListedParts): Promise<PublishListed> {
  const known = new Map<string, { uri: string; datasets: RecordRef[] }>()
  const remember = (uri: string, value: RecordJson) => {
    const entry = { uri, datasets: (value.datasets ?? []) as RecordRef[] }
    for (const infoHash of [value.infoHashV1, value.infoHashV2])
      if (typeof infoHash === 'string') known.set(infoHash, entry)
  }
  for await (const { uri, value } of repo.list(collections.torrent)) remember(uri, value)
  const politeFetch = paced(fetch)

  return async function* publishAll(dataset, torrents) {
    for (const torrent of torrents) {
      const infoHash = torrent.infoHashes[0]!
      const found = torrent.infoHashes.map((name) => known.get(name)).find(Boolean)
      if (found?.datasets.some(({ uri }) => uri === dataset.uri)) {
        yield { infoHash, uri: found.uri, action: 'unchanged' }
        continue
      }
      try {
        const metainfo = await fetchListed(torrent, { fetch: politeFetch, allowPrivateHosts })
        const draft = draftOf(metainfo, torrent, { dataset, trackers })
        const { uri, action } = await putTorrent(repo, draft, statement)
        await statement.states.remember(uri, statement.source, { ...saidOf(draft), ...draft.about })
        remember(uri, { ...draft, datasets: [...(found?.datasets ?? []), dataset] } as unknown as RecordJson)
        yield { infoHash, uri, action }
      } catch (error) {
        if (!(error instanceof CommandError) || error.kind === 'auth') throw error
        yield { infoHash, problem: error.message }
      }
    }
  }
}

type Sources = Pick<ListedParts, 'fetch' | 'allowPrivateHosts'>

async function fetchListed(torrent: ListedTorrent, from: Sources): Promise<Metainfo> {
  const { infoHashes, url } = torrent
  const metainfo = await readListed(torrent, from)
  const names = [metainfo.infoHashV1, metainfo.infoHashV2]
  const missing = infoHashes.find((infoHash) => !names.includes(infoHash))
  const place = url ?? 'what was found'
  if (missing !== undefined)
    throw new CommandError('failure', `${place} is not the torrent ${missing} that was listed.`)
  if (metainfo.private)
    throw new CommandError('failure', `${place} is marked as private, so its swarm may not be published.`)
  return metainfo
}

function readListed(
  { infoHashes, url, read, trackers }: ListedTorrent,
  { fetch, allowPrivateHosts }: Sources,
): Promise<Metainfo> {
  if (read) return read()
  if (url !== undefined) return fetchTorrentFile(url, fetch)
  if (trackers) return fetchFromSwarm({ infoHashV1: infoHashes[0]!, trackers }, { allowPrivateHosts })
  throw new CommandError(
    'notFound',
    'the catalog does not say where the .torrent is; import it from its web address.',
  )
}

function draftOf(
  metainfo: Metainfo,
  { webseeds, about }: ListedTorrent,
  { dataset, trackers }: { dataset: RecordRef; trackers: readonly string[] },
) {
  const own = metainfo.trackers.map(({ url, tier }) => ({ url, tier }))
  const others = trackers.filter((url) => own.every((tracker) => tracker.url !== url))
  const lastTier = Math.max(-1, ...own.map(({ tier }) => tier))
  const seeds = [
    ...metainfo.webseeds.map(({ url, kind }) => ({ url, kind })),
    ...webseeds.map((url) => ({ url, kind: 'bep19' })),
  ]
  return {
    ...factsOf(metainfo),
    about,
    metainfo: metainfo.bytes,
    metainfoUrls: [],
    datasets: [{ uri: dataset.uri, cid: dataset.cid }],
    trackers: [...own, ...others.map((url, i) => ({ url, tier: lastTier + 1 + i }))],
    webseeds: [...new Map(seeds.map((seed) => [`${seed.kind} ${seed.url}`, seed])).values()],
  }
}

/** A `fetch` that leaves a pause between two requests to one host, and waits as long as a busy host asks for. */
function paced(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  const nextAt = new Map<string, number>()
  return async (input, init) => {
    const { host } = new URL(input instanceof Request ? input.url : input)
    for (let attempt = 1; ; attempt++) {
      await wait(Math.max(0, (nextAt.get(host) ?? 0) - Date.now()))
      const answer = await fetch(input, init)
      nextAt.set(host, Date.now() + paceMs)
      if ((answer.status !== 429 && answer.status !== 503) || attempt === 3) return answer
      await answer.body?.cancel()
      const waitMs = retryAfterMs(answer.headers.get('retry-after'), Date.now()) ?? 5 * paceMs
      nextAt.set(host, Date.now() + Math.min(waitMs, longestWaitMs))
    }
  }
}
