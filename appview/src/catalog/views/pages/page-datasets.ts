/**
 * Datasets with their torrents, for pages. Whoever asks while a read is under way is answered by the next one
 * together: under load many pages cost little more than one, and alone nobody waits.
 */
import type { defs } from '@holdfast/lexicons'
import { sql } from 'drizzle-orm'
import { anyOf, type Db, preparedRows } from '../../sql.ts'
import { readDatasetViews } from '../datasets/dataset-views.ts'
import { readTorrentViews } from '../torrents/torrent-views.ts'

export interface DatasetPage {
  dataset: defs.DatasetView
  /** Newest first, at most 100. */
  torrents: defs.TorrentView[]
  /** Visible datasets that say they are a version of this one, or of the one that this is a version of. */
  versions: DatasetVersion[]
  /** What the visible datasets that its record refers to are called, by their URI. */
  titles: ReadonlyMap<string, string>
}

export interface DatasetVersion {
  uri: string
  did: string
  title: string
  version: string | null
  issued: string | null
}

/** Reads a visible dataset; undefined where there is none under this URI. */
export type ReadDatasetPage = (uri: string) => Promise<DatasetPage | undefined>

/** `trackers` are the announce URLs that magnet links carry. */
export function datasetPageReader(db: Db, options: { trackers: readonly string[] }): ReadDatasetPage {
  let waiting = new Map<string, PromiseWithResolvers<DatasetPage | undefined>>()
  let reading = 0

  function read(): void {
    if (reading >= concurrentReads || waiting.size === 0) return
    reading += 1
    const batch = new Map([...waiting].slice(0, mostTogether))
    waiting = new Map([...waiting].slice(mostTogether))
    readPages(db, [...batch.keys()], options)
      .then(
        (pages) => {
          for (const [uri, { resolve }] of batch) resolve(pages.get(uri))
        },
        (error) => {
          for (const { reject } of batch.values()) reject(error)
        },
      )
      .finally(() => {
        reading -= 1
        read()
      })
  }

  return (uri) => {
    const asked = waiting.get(uri) ?? Promise.withResolvers<DatasetPage | undefined>()
    waiting.set(uri, asked)
    read()
    return asked.promise
  }
}

/** One is answered while the next gathers; more would only queue in the database. */
const concurrentReads = 2
const mostTogether = 32
const mostTorrents = 100
const mostVersions = 50

async function readPages(
  db: Db,
  uris: readonly string[],
  { trackers }: { trackers: readonly string[] },
): Promise<Map<string, DatasetPage>> {
  const [datasets, torrentUris] = await Promise.all([
    readDatasetViews(db, uris, { detail: 'page' }),
    readTorrentUris(db, uris),
  ])
  const all = [...new Set([...torrentUris.values()].flat())]
  const [torrents, versions, titles] = await Promise.all([
    readTorrentViews(db, all, { detail: 'card', trackers }),
    readVersions(db, datasets),
    readTitles(db, datasets.flatMap(referredTo)),
  ])
  const byUri = new Map(torrents.map((torrent) => [torrent.uri as string, torrent]))
  return new Map(
    datasets.map((dataset) => [
      dataset.uri,
      {
        dataset,
        torrents: (torrentUris.get(dataset.uri) ?? []).flatMap((uri) => byUri.get(uri) ?? []),
        versions: (versions.get(rootOf(dataset)) ?? []).filter(({ uri }) => uri !== dataset.uri),
        titles,
      },
    ]),
  )
}

async function readTorrentUris(db: Db, datasets: readonly string[]): Promise<Map<string, string[]>> {
  const found = await preparedRows<{ dataset: string; uris: string[] }>(
    db,
    sql`SELECT asked.uri AS dataset, newest.uris
        FROM (SELECT unnest AS uri FROM unnest(${arrayOf(datasets)})) AS asked
        CROSS JOIN LATERAL (
          SELECT jsonb_agg(uri ORDER BY created_at DESC, id DESC) AS uris FROM (
            SELECT t.uri, t.created_at, t.id FROM catalog.torrent_dataset td
            JOIN catalog.torrent t ON t.id = td.torrent_id AND t.visible
            WHERE td.dataset_uri = asked.uri ORDER BY t.created_at DESC, t.id DESC LIMIT ${mostTorrents}) AS t) AS newest
        WHERE newest.uris IS NOT NULL`,
  )
  return new Map(found.map(({ dataset, uris }) => [dataset, uris]))
}

/** What the versions of a dataset have in common: the record they say they are versions of. */
function rootOf(dataset: defs.DatasetView): string {
  return (dataset.record as { versionOf?: { uri: string } }).versionOf?.uri ?? dataset.uri
}

interface References {
  versionOf?: { uri: string }
  supersedes?: { uri: string }
  adoptedFrom?: { uri: string }
  derivedFrom?: { uri: string }[]
}

function referredTo(dataset: defs.DatasetView): string[] {
  const { versionOf, supersedes, adoptedFrom, derivedFrom = [] } = dataset.record as References
  return [versionOf, supersedes, adoptedFrom, ...derivedFrom.slice(0, 20)].flatMap((ref) => ref?.uri ?? [])
}

async function readTitles(db: Db, uris: readonly string[]): Promise<Map<string, string>> {
  if (uris.length === 0) return new Map()
  const found = await preparedRows<{ uri: string; title: string }>(
    db,
    sql`SELECT r.uri, r.value ->> 'title' AS title FROM catalog.record r
        WHERE r.uri = ${anyOf([...new Set(uris)])} AND r.kind = 'dataset' AND r.visible AND r.value ? 'title'`,
  )
  return new Map(found.map(({ uri, title }) => [uri, title]))
}

async function readVersions(
  db: Db,
  datasets: readonly defs.DatasetView[],
): Promise<Map<string, DatasetVersion[]>> {
  const roots = [...new Set(datasets.map(rootOf))]
  if (roots.length === 0) return new Map()
  const found = await preparedRows<{ root: string; versions: DatasetVersion[] }>(
    db,
    sql`SELECT r.value -> 'versionOf' ->> 'uri' AS root, jsonb_agg(jsonb_build_object('uri', r.uri, 'did', r.did,
          'title', r.value ->> 'title', 'version', r.value ->> 'version', 'issued', r.value ->> 'issued')
          ORDER BY r.created_at DESC) AS versions
        FROM catalog.record r WHERE r.value ? 'versionOf' AND r.value -> 'versionOf' ->> 'uri' = ${anyOf(roots)}
          AND r.kind = 'dataset' AND r.visible GROUP BY 1`,
  )
  return new Map(found.map(({ root, versions }) => [root, versions.slice(0, mostVersions)]))
}

function arrayOf(values: readonly string[]) {
  return sql`ARRAY(SELECT jsonb_array_elements_text(${JSON.stringify(values.map((value) => value.replaceAll('\0', '').toWellFormed()))}::text::jsonb))`
}
