import type { dataset, defs } from '@holdfast/lexicons'
import { collections } from '@holdfast/lexicons/nsid'
import { ownValue } from '@holdfast/lexicons/own-value'
import { slugify } from '../../publish/slug.ts'
import { Fields } from '../fields.ts'
import type { ListedTorrent } from '../listed-torrent.ts'
import { sourceKind, toUri } from '../values/addresses.ts'
import { toEdtf } from '../values/dates.ts'
import { toIdentifier, unique } from '../values/identifiers.ts'
import { present } from '../values/present.ts'
import type { Imported } from './aws-open-data-registry.ts'

/**
 * Makes a dataset record of an entry of a SciOp index, in the form that its `/api/v1/datasets/` returns, and lists the
 * torrents of its uploads. `address` is where the entry was read; without it, nothing says where the torrents are. Throws
 * an `Error` if the entry has no `title` or `slug`.
 */
export function importSciop(
  entry: unknown,
  { createdAt, address }: { createdAt: string; address?: string | undefined },
): Imported {
  const fields = new Fields(entry)
  const slug = fields.text('slug')
  const title = fields.text('title')
  if (!slug || !title) throw new Error('a dataset of SciOp needs a "slug" and a "title"')
  const page = address === undefined ? undefined : new URL(`/datasets/${encodeURIComponent(slug)}`, address)
  const publisher = fields.text('publisher')
  const torrents = fields.items('uploads', (item) => readUpload(item, address))
  const record = present({
    $type: collections.dataset,
    title,
    description: fields.text('description'),
    publisher: publisher === undefined ? undefined : { name: publisher },
    homepage: fields.read('homepage', toUri),
    sources: [...readSources(fields), ...fields.items('external_sources', readOtherCopy)],
    identifiers: unique([
      ...fields.items('external_identifiers', readIdentifier),
      ...(page ? [{ scheme: 'uri', value: page.href }] : []),
    ]),
    keywords: fields.texts('tags').map((name) => ({ name })),
    issued: fields.read('dataset_created_at', toEdtf),
    modified: fields.read('dataset_updated_at', toEdtf),
    ...readRisk(fields),
    scarcity: fields.read('scarcity', (value) => termIn(scarcities, value)),
    createdAt: createdAt as dataset.Main['createdAt'],
  }) satisfies dataset.Main
  return { rkey: slugify(slug), record, torrents, leftOver: fields.leftOver() }
}

/** The part of an entry that says something about the dataset: not the state of the index, nor texts it has twice. */
export function describedBySciop(entry: unknown): unknown {
  const {
    uploads: _uploads,
    description_html: _html,
    is_approved: _approved,
    is_removed: _removed,
    ...described
  } = (entry ?? {}) as Record<string, unknown>
  return described
}

const scarcities: Readonly<Record<string, string>> = {
  unknown: 'unknown',
  source_only: 'source-only',
  external_unconfirmed: 'external-unconfirmed',
  external_confirmed: 'external-confirmed',
  uploaded: 'preserved',
}

/** `indefinite` is the level of an entry without a known threat; its meaning becomes the reason. */
const threats: Readonly<Record<string, string>> = {
  unknown: 'unknown',
  indefinite: 'unknown',
  watchlist: 'watchlist',
  endangered: 'endangered',
  takedown_issued: 'takedown-issued',
  extinct: 'extinct',
}

/** Kinds and kinds of access that have the same names here. */
const kinds = ['web', 'http', 'ftp', 's3', 'bittorrent']
const accesses = ['public', 'registration', 'paywalled', 'proprietary']

/** Reads one of these terms; undefined for anything else. */
function among(terms: readonly string[]): (value: unknown) => string | undefined {
  return (value) => terms.find((term) => term === value)
}

function termIn(terms: Readonly<Record<string, string>>, value: unknown): string | undefined {
  return typeof value === 'string' ? ownValue(terms, value) : undefined
}

/** `last_seen_at` is a time in the past for a source that is gone, and one in the future for one that is to go. */
function readRisk(fields: Fields): { risk?: defs.Risk } {
  const threat = fields.read('threat', among(Object.keys(threats)))
  const level = termIn(threats, threat)
  const seen = fields.read('last_seen_at', toEdtf)
  if (level === undefined && seen === undefined) return {}
  const reason = threat === 'indefinite' && 'SciOp: indefinite, no clear time or threat of removal'
  return {
    risk: {
      level: level ?? 'unknown',
      ...(reason && { reason }),
      ...(seen !== undefined && { expectedGone: seen }),
    },
  }
}

function readSources(fields: Fields): defs.Source[] {
  const kind = fields.read('source_type', among(kinds))
  const access = fields.read('source_access', among(accesses))
  const isAvailable = fields.flag('source_available')
  return fields.texts('urls').flatMap((text) => {
    const url = toUri(text)
    if (!url) return []
    const status = isAvailable === false ? 'removed' : undefined
    return [present({ url, kind: kind ?? sourceKind(url), access, status }) as defs.Source]
  })
}

function readIdentifier(item: Fields): defs.Identifier | undefined {
  const scheme = item.text('type')
  const value = item.text('identifier')
  return value === undefined ? undefined : toIdentifier(value, scheme)
}

/** A copy that somebody else provides, which SciOp describes in words. */
function readOtherCopy(item: Fields): defs.Source | undefined {
  const url = item.read('url', toUri)
  if (!url) return undefined
  for (const name of ['dataset_id', 'account_id', 'external_source_id']) item.count(name)
  return present({
    ...{ url, kind: sourceKind(url) },
    ...{ title: item.text('source'), description: item.text('description') },
  })
}

function readUpload(item: Fields, address: string | undefined): ListedTorrent | undefined {
  const account = item.text('account')
  const prose = [item.text('method'), item.text('description')]
  const torrent = new Fields(item.object('torrent'))
  const fileName = torrent.text('file_name')
  const infoHashes = [torrent.text('v1_infohash'), torrent.text('v2_infohash')].flatMap((hash) =>
    hash && /^(?:[\da-f]{40}|[\da-f]{64})$/i.test(hash) ? [hash.toLowerCase()] : [],
  )
  // SciOp names an upload by its v2 infohash, if it has one.
  const name = infoHashes.at(-1)
  if (name === undefined) return undefined
  const at = (path: string) => (address === undefined ? undefined : new URL(path, address).href)
  const from = [at(`/uploads/${name}`) ?? 'SciOp', account && `uploaded by ${account}`].filter(Boolean)
  return {
    infoHashes,
    url: fileName === undefined ? undefined : at(`/torrents/${name}/${encodeURIComponent(fileName)}`),
    webseeds: torrent.items('webseeds', (seed) => seed.webAddress('url')),
    about: { method: [...prose, `From ${from.join(', ')}.`].filter(Boolean).join('\n\n') },
  }
}
