import type { defs } from '@holdfast/lexicons'
import type { Fields } from '../fields.ts'
import { pageKind, sourceKind, toChecksum, toUri } from '../values/addresses.ts'
import { eachOf } from '../values/each.ts'
import { unique } from '../values/identifiers.ts'
import { present } from '../values/present.ts'

export interface Distribution {
  readonly sources: defs.Source[]
  readonly formats: defs.Format[]
}

/**
 * Reads a distribution of DCAT, a DataDownload of schema.org or a FileObject of Croissant; undefined if it has no
 * address, such as a file inside an archive.
 */
export function readDistribution(fields: Fields, value: unknown): Distribution | undefined {
  const bare = toUri(value)
  if (bare) return { sources: [{ url: bare, kind: sourceKind(bare) }], formats: [] }
  const type = String(fields.read('type', (found) => found) ?? '')
  const download = fields.read('downloadURL', toUri) ?? fields.read('contentUrl', toUri)
  const access = fields.read('accessURL', toUri) ?? fields.read('url', toUri)
  const place = download ?? access
  if (!place) return undefined
  const mediaTypes = unique(
    ['mediaType', 'encodingFormat', 'format'].flatMap((name) => fields.someTexts(name)).map(shortMediaType),
  )
  const about = present({
    title: fields.wording('title') ?? fields.wording('name'),
    description: fields.wording('description'),
    mediaType: mediaTypes[0],
    sizeBytes: fields.count('byteSize') ?? fields.read('contentSize', toSize),
    checksums: readChecksums(fields),
  })
  const hint = `${type} ${mediaTypes.join(' ')}`
  const kind = download ? sourceKind(place, hint) : pageKind(place, hint)
  const page = download && access && access !== download ? [{ url: access, kind: pageKind(access) }] : []
  return {
    sources: [{ url: place, ...about, kind }, ...page],
    formats: [
      ...mediaTypes.map((mediaType) => ({ mediaType })),
      ...(fields.read('conformsTo', eachOf(toUri)) ?? []).map((conformsTo) => ({ conformsTo })),
    ],
  }
}

function readChecksums(fields: Fields): defs.Checksum[] {
  const stated = fields.read('checksum', (value) => {
    const { algorithm, checksumValue } = (value ?? {}) as Record<string, unknown>
    const { id } = (algorithm ?? {}) as { id?: unknown }
    return toChecksum(id ?? algorithm, checksumValue)
  })
  const named = ['md5', 'sha1', 'sha256', 'sha512'].map((algorithm) =>
    fields.read(algorithm, (value) => toChecksum(algorithm, value)),
  )
  return [stated, ...named].filter((checksum) => checksum !== undefined)
}

/** The media type of an IANA address, or the short name of a type in the file type authority of the EU. */
function shortMediaType(text: string): string {
  return text.replace(/^https?:\/\/.*\/(?:media-types|file-type)\//i, '')
}

/** Converts `12345`, `12345 B` or `1.5 MB` to bytes. */
function toSize(value: unknown): number | undefined {
  const match = /^([\d.]+)\s*([kMGT]?)(i?)B?$/.exec(String(value).trim())
  if (!match) return undefined
  const bytes = Math.round(Number(match[1]) * (match[3] ? 1024 : 1000) ** ' kMGT'.indexOf(match[2] || ' '))
  return Number.isSafeInteger(bytes) ? bytes : undefined
}
