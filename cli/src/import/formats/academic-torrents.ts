import type { dataset } from '@holdfast/lexicons'
import { collections } from '@holdfast/lexicons/nsid'
import { slugify } from '../../publish/slug.ts'
import { Fields } from '../fields.ts'
import { readLicense } from '../license.ts'
import { toUri } from '../values/addresses.ts'
import { peopleIn, readBibtex } from '../values/bibtex.ts'
import { toEdtf } from '../values/dates.ts'
import { toIdentifier, unique } from '../values/identifiers.ts'
import { present } from '../values/present.ts'
import type { Imported } from './aws-open-data-registry.ts'

/**
 * Makes a dataset record of an item of Academic Torrents' `database.xml`, whose description usually is BibTeX, and lists its
 * torrent, which that site serves under the infohash. Throws an `Error` if the item has no `title` or `infohash`.
 */
export function importAcademicTorrent(entry: unknown, options: { createdAt: string }): Imported {
  const fields = new Fields(entry)
  const title = fields.text('title')
  const infoHash = fields.text('infohash')?.toLowerCase()
  if (!title || !infoHash || !/^[\da-f]{40}$/.test(infoHash))
    throw new Error('an item of Academic Torrents needs a "title" and an "infohash" of 40 hexadecimal digits')
  const text = fields.text('description')
  const cited = text === undefined ? undefined : readBibtex(text)
  const category = fields.text('category')
  const link = fields.read('link', toUri)
  const guid = fields.read('guid', toUri)
  const doi = cited?.get('doi')
  const license = cited?.get('license')
  const record = present({
    $type: collections.dataset,
    title,
    description: cited ? cited.get('abstract') : text,
    citation: cited && text,
    creators: peopleIn(cited?.get('author') ?? '').map((name) => ({ name })),
    homepage: toUri(cited?.get('url')),
    identifiers: unique([
      ...(doi ? [toIdentifier(doi, 'doi')] : []),
      { scheme: 'urn', value: `urn:btih:${infoHash}` },
      ...[link, guid].flatMap((page) => (page ? [{ scheme: 'uri', value: page as string }] : [])),
    ]),
    license: license ? readLicense(license) : undefined,
    keywords: unique(
      [category, ...(cited?.get('keywords') ?? cited?.get('terms') ?? '').split(/\s*[,;]\s*/)].filter(
        Boolean,
      ),
    ).map((name) => ({ name: name! })),
    issued: toEdtf(cited?.get('year')),
    sizeBytes: fields.count('size'),
    createdAt: options.createdAt as dataset.Main['createdAt'],
  }) satisfies dataset.Main
  const site = new URL(link ?? guid ?? 'https://academictorrents.com/').origin
  const torrents = [
    {
      infoHashes: [infoHash],
      url: `${site}/download/${infoHash}.torrent`,
      webseeds: [],
      about: { method: `From ${link ?? guid ?? `${site}/details/${infoHash}`}.` },
    },
  ]
  return { rkey: slugify(`at-${infoHash}`), record, torrents, leftOver: fields.leftOver() }
}
