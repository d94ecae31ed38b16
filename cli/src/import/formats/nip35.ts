import type { dataset } from '@holdfast/lexicons'
import { collections } from '@holdfast/lexicons/nsid'
import { slugify } from '../../publish/slug.ts'
import type { LeftOver } from '../fields.ts'
import { unique } from '../values/identifiers.ts'
import { present } from '../values/present.ts'
import type { Imported } from './aws-open-data-registry.ts'

/** The kind of a Nostr event that describes a torrent (NIP-35). */
export const torrentEventKind = 2003

/**
 * Makes a dataset record of a Nostr event of kind 2003 (NIP-35), and lists its torrent, which only its swarm has. The event is
 * taken at its relay's word: its signature is not checked. Throws an `Error` if it has no title or infohash.
 */
export function importNip35(event: unknown, options: { createdAt: string }): Imported {
  const { content, pubkey, id } = (event ?? {}) as Record<string, unknown>
  const tags = tagsOf(event)
  const valuesOf = (name: string) => tags.flatMap(([tag, value]) => (tag === name && value ? [value] : []))
  const [title] = valuesOf('title')
  const infoHash = valuesOf('x')[0]?.toLowerCase()
  if (!title || !infoHash || !/^[\da-f]{40}$/.test(infoHash))
    throw new Error('an event of NIP-35 needs a "title" and an "x" with an infohash of 40 hexadecimal digits')
  const sizes = tags.flatMap(([tag, , size]) =>
    tag === 'file' && /^\d{1,15}$/.test(size ?? '') ? [Number(size)] : [],
  )
  const record = present({
    $type: collections.dataset,
    title,
    description: typeof content === 'string' ? content.trim() : undefined,
    identifiers: [{ scheme: 'urn', value: `urn:btih:${infoHash}` }],
    keywords: unique(valuesOf('t')).map((name) => ({ name })),
    sizeBytes: sizes.length > 0 ? sizes.reduce((sum, size) => sum + size, 0) : undefined,
    createdAt: options.createdAt as dataset.Main['createdAt'],
  }) satisfies dataset.Main
  const taken = new Set(['title', 'x', 't', 'file', 'tracker'])
  const leftOver: LeftOver[] = tags
    .filter(([tag]) => !taken.has(tag))
    .map(([tag, ...values]) => ({ field: `tags/${tag}`, value: values.join(' ') }))
  const author = typeof pubkey === 'string' ? ` by ${pubkey}` : ''
  const torrent = {
    infoHashes: [infoHash],
    url: undefined,
    trackers: valuesOf('tracker'),
    webseeds: [],
    about: {
      method: `From the Nostr event ${String(id ?? '').slice(0, 64)}${author}; the .torrent is from the swarm.`,
    },
  }
  return { rkey: slugify(`nostr-${infoHash}`), record, torrents: [torrent], leftOver }
}

/** Whether a value is an event that describes a torrent, as far as its form says. */
export function isTorrentEvent(value: unknown): value is Record<string, unknown> {
  const { kind, tags } = (value ?? {}) as { kind?: unknown; tags?: unknown }
  return kind === torrentEventKind && Array.isArray(tags)
}

/** The tags of an event, each a name with its values. */
function tagsOf(event: unknown): [name: string, ...values: string[]][] {
  const { tags } = (event ?? {}) as { tags?: unknown }
  return (Array.isArray(tags) ? tags : []).filter(
    (tag): tag is [string, ...string[]] =>
      Array.isArray(tag) && tag.length > 0 && tag.every((value) => typeof value === 'string'),
  )
}
