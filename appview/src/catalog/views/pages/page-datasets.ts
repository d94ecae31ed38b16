/**
 * Datasets with their torrents, for pages. Requests that come while a read is running are answered together by the next
 * read, so that under load many pages cost little more than one, and a single request never waits.
 */
import type { defs } from '@holdfast/lexicons'
import { sql } from 'drizzle-orm'
import { anyOf, type Db, preparedRows } from '../../../store/sql.ts'
import { shown } from '../../shown.ts'
import { readDatasetViews } from '../datasets/dataset-views.ts'
import { readTorrentViews } from '../torrents/torrent-views.ts'

export interface DatasetPage {
  dataset: defs.DatasetView
  /** Newest first, at most 100. */
  torrents: defs.TorrentView[]
  /** Visible datasets that say they are a version of this one, or of the one that this is a version of. */
  versions: DatasetVersion[]
  /** The titles of the visible datasets to which its record refers, by URI. */
  titles: ReadonlyMap<string, string>
}

export interface DatasetVersion {
  uri: string
  did: string
  title: string
  version: string | null
  issued: string | null
}

/** Reads a visible dataset; undefined when there is none with this URI. */
export type ReadDatasetPage = (uri: string) => Promise<DatasetPage | undefined>

/** Makes a reader of datasets; `trackers` are the announce URLs in magnet links. */
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

/** One read can run while the next collects requests; more would only queue in the database. */
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
            JOIN catalog.torrent t ON t.id = td.torrent_id AND ${shown('t')}
            WHERE td.dataset_uri = asked.uri ORDER BY t.created_at DESC, t.id DESC LIMIT ${mostTorrents}) AS t) AS newest
        WHERE newest.uris IS NOT NULL`,
  )
  return new Map(found.map(({ dataset, uris }) => [dataset, uris]))
}

/** The record of which a dataset says it is a version, or else the dataset itself; all versions share it. */
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
        WHERE r.uri = ${anyOf([...new Set(uris)])} AND r.kind = 'dataset' AND ${shown('r')} AND r.value ? 'title'`,
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
    sql`SELECT asked.root, newest.versions
        FROM (SELECT unnest AS root FROM unnest(${arrayOf(roots)})) AS asked
        CROSS JOIN LATERAL (
          SELECT jsonb_agg(jsonb_build_object('uri', v.uri, 'did', v.did, 'title', r.value ->> 'title',
            'version', r.value ->> 'version', 'issued', r.value ->> 'issued') ORDER BY v.created_at DESC) AS versions
          FROM (
            SELECT r.id, r.uri, r.did, r.created_at FROM catalog.record r
            WHERE r.value ? 'versionOf' AND r.value -> 'versionOf' ->> 'uri' = asked.root
              AND r.kind = 'dataset' AND ${shown('r')}
            ORDER BY r.created_at DESC, r.id DESC LIMIT ${mostVersions}) AS v
          JOIN catalog.record r ON r.id = v.id) AS newest
        WHERE newest.versions IS NOT NULL`,
  )
  return new Map(found.map(({ root, versions }) => [root, versions]))
}

function arrayOf(values: readonly string[]) {
  return sql`ARRAY(SELECT jsonb_array_elements_text(${JSON.stringify(values.map((value) => value.replaceAll('\0', '').toWellFormed()))}::text::jsonb))`
}
