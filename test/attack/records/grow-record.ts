/**
 * Records at the limits of their lexicon, made from the lexicon's documents: each field of each collection with as much as
 * it may hold, or a little more, of what texts and addresses are hard to read when they are made of it.
 */
import { readFileSync } from 'node:fs'
import { encode } from '@atproto/lex-cbor'
import { jsonToLex } from '@atproto/lex-json'
import { type CollectionName, collections } from '@holdfast/lexicons/nsid'

export interface GrownRecord {
  readonly collection: CollectionName
  /** The field that is at its limit. */
  readonly field: string
  /** The text that its values consist of. */
  readonly token: string
  readonly record: Record<string, unknown>
}

type Definition = Readonly<Record<string, unknown>> & { readonly type: string }

/** A record may have a megabyte; the rest is for its other fields. */
const mostBytes = 950_000

/** Stand for bytes that no text can hold: see {@link encodeGrown}. */
const damages: Readonly<Record<string, readonly number[]>> = {
  // Halves of surrogate pairs, as UTF-8 would write them.
  '\ue000': [0xed, 0xa0, 0x80],
  '\ue001': [0xed, 0xbf, 0xbf],
  // A slash, and U+0000, in more bytes than they need.
  '\ue002': [0xe0, 0x80, 0xaf],
  '\ue003': [0xe0, 0x80, 0x80],
  // A beginning without its end, and an end without its beginning.
  '\ue004': [0xf0, 0x9f, 0x90],
  '\ue005': [0x80, 0x80, 0x80],
}

/** Texts that programs take for something else: names of JavaScript, marks, noncharacters, and what cannot be text at all. */
export const oddTokens: readonly string[] = [
  ...['__proto__', 'constructor', 'toString', 'null', 'undefined', 'NaN', '$1', '{{x}}', ']]>', '-->'],
  ...[
    '\u0000',
    '\u001b[2J',
    '\u007f',
    '\u0085',
    '\u00a0',
    '\u00ad',
    '\u061c',
    '\u180e',
    '\u200b',
    '\u2028',
    '\u2029',
  ],
  ...[
    '\u202d',
    '\u2066',
    '\u2069',
    '\ufe0f',
    '\ufeff',
    '\ufffc',
    '\ufffd',
    '\ufffe',
    '\ufdd0',
    '\u{1ffff}',
    '\u{e0001}',
  ],
  ...[
    '\u0344',
    '\u1e9e',
    '\u01c6',
    '\ufb03',
    '\u{1d4d0}',
    '\u{10ffff}',
    '\u0e33',
    '\u1100\u1161\u11a8',
    'a\u0315\u0300',
  ],
  ...Object.keys(damages),
]

/** Texts that are expensive to parse, to fold, to compare, to write as XML, or to store. */
const tokens = [
  ...[
    'x',
    'Ab',
    'x ',
    "x'",
    'x-',
    '1',
    'a1',
    '. ',
    '\n',
    ' ',
    '[',
    '<',
    '&',
    '"',
    '*a_',
    '`',
    '!',
    '%',
    '%41',
    '#',
    '/',
    '\\',
    '://',
  ],
  ...[
    'é',
    '\u0301',
    '\u200d',
    '漢',
    '한',
    'ก',
    'ဗ',
    'ﷺ',
    'ß',
    'İ',
    '🐋',
    '\u0000',
    '\u0001',
    '\uffff',
    '\u202e',
  ],
]

/** Encodes a record as its repository holds it. What stands for bytes that are not UTF-8 becomes those bytes. */
export function encodeGrown({ record }: GrownRecord): Uint8Array {
  let bytes = Buffer.from(encode(jsonToLex(record as never)))
  for (const [mark, damaged] of Object.entries(damages)) {
    const [from, to] = [Buffer.from(mark).toString('latin1'), Buffer.from(damaged).toString('latin1')]
    if (bytes.includes(Buffer.from(mark)))
      bytes = Buffer.from(bytes.toString('latin1').replaceAll(from, to), 'latin1')
  }
  return bytes
}

const documents = new Map<string, Record<string, Definition>>()

function documentOf(nsid: string): Record<string, Definition> {
  let known = documents.get(nsid)
  if (!known) {
    const path = new URL(`../../../lexicons/${nsid.replaceAll('.', '/')}.json`, import.meta.url)
    known = JSON.parse(readFileSync(path, 'utf8')).defs as Record<string, Definition>
    documents.set(nsid, known)
  }
  return known
}

export interface GrowOptions {
  /** Whether to exceed each limit by one. */
  readonly beyond?: boolean
  /** Whether the texts are {@link oddTokens}. */
  readonly odd?: boolean
  /** The size of a record; by default nearly what a record may have. */
  readonly recordBytes?: number | undefined
}

/** Every field of every collection once; `random` returns numbers in [0, 1). */
export function* growRecords(random: () => number, options: GrowOptions = {}): Generator<GrownRecord> {
  const words = options.odd ? oddTokens : tokens
  const recordBytes = options.recordBytes ?? mostBytes
  for (const [name, nsid] of Object.entries(collections) as [CollectionName, string][]) {
    const { properties, required = [] } = documentOf(nsid).main!.record as {
      properties: Record<string, Definition>
      required?: string[]
    }
    for (const [field, definition] of Object.entries(properties)) {
      const token = words[Math.floor(random() * words.length)]!
      const at = { nsid, random, token, beyond: options.beyond === true }
      const least = Object.fromEntries(
        [...required, ...identifying[name]].map((key) => [
          key,
          grow(properties[key]!, 100, { ...at, token: 'x', beyond: false }),
        ]),
      )
      const base = { $type: nsid, ...least }
      yield {
        collection: name,
        field,
        token,
        record: withinBytes(recordBytes, (budget) => ({ ...base, [field]: grow(definition, budget, at) })),
      }
    }
  }
}

/**
 * Makes a record within the byte limit. The shares of the budget are approximate, because addresses and numbers have a
 * fixed size.
 */
function withinBytes(
  recordBytes: number,
  make: (budget: number) => Record<string, unknown>,
): Record<string, unknown> {
  for (let budget = recordBytes; ; budget *= 0.7) {
    const record = make(budget)
    if (budget < 1_000 || Buffer.byteLength(JSON.stringify(record)) < recordBytes * 1.03) return record
  }
}

/** Fields that make a record valid in addition to those its lexicon requires. */
const identifying: Record<CollectionName, readonly string[]> = {
  dataset: [],
  torrent: ['infoHashV1', 'sizeBytes', 'metainfo'],
  webseed: [],
  assessment: [],
  profile: [],
  part: [],
  claim: [],
}

interface Growing {
  readonly nsid: string
  readonly random: () => number
  readonly token: string
  /** Whether to exceed the limit by one. */
  readonly beyond: boolean
}

function grow(definition: Definition, budget: number, at: Growing): unknown {
  switch (definition.type) {
    case 'string':
      return growString(definition, budget, at)
    case 'integer':
      return at.beyond ? -1 : ((definition.maximum as number | undefined) ?? Number.MAX_SAFE_INTEGER)
    case 'boolean':
      return true
    case 'blob':
      return {
        $type: 'blob',
        ref: { $link: aBlob },
        mimeType: (definition.accept as string[])[0],
        size: 1_000,
      }
    case 'array': {
      const items = definition.items as Definition
      const most = ((definition.maxLength as number | undefined) ?? 1_000) + (at.beyond ? 1 : 0)
      const count = Math.max(1, Math.min(most, Math.floor(budget / 60)))
      return Array.from({ length: count }, (_, n) =>
        grow(items, budget / count, { ...at, beyond: false, token: mixed(at, n) }),
      )
    }
    case 'ref':
    case 'union': {
      const [nsid = '', name = 'main'] = (
        (definition.ref ?? (definition.refs as string[])[0]) as string
      ).split('#')
      const inside = { ...at, nsid: nsid || at.nsid }
      if (nsid.startsWith('com.'))
        return {
          $type: definition.refs && 'com.atproto.label.defs#selfLabels',
          values: [{ val: at.token.repeat(9) }],
        }
      return grow(documentOf(inside.nsid)[name]!, budget, inside)
    }
    case 'object': {
      const { properties, required = [] } = definition as unknown as {
        properties: Record<string, Definition>
        required?: string[]
      }
      const names = budget < 400 && required.length > 0 ? required : Object.keys(properties)
      return Object.fromEntries(
        names.map((name) => [name, grow(properties[name]!, budget / names.length - name.length - 4, at)]),
      )
    }
    default:
      return {}
  }
}

/** Varies the items, because equal items would be merged into one. */
function mixed({ token }: Growing, n: number): string {
  return `${n.toString(36)}${token}`
}

function growString(definition: Definition, budget: number, { random, token, beyond }: Growing): string {
  const { format, knownValues } = definition as { format?: string; knownValues?: string[] }
  const make = formats[format ?? '']
  if (make) return make(Math.max(1, Math.min(budget, 7_000)), token)
  if (knownValues && random() < 0.5) return knownValues[Math.floor(random() * knownValues.length)]!
  const {
    minLength = 0,
    maxLength = mostBytes,
    maxGraphemes = mostBytes,
  } = definition as Record<string, number>
  // Of the texts, only infohashes have a minimum length.
  if (minLength > 0)
    return Array.from({ length: minLength }, () => Math.floor(random() * 16).toString(16)).join('')
  const size = Buffer.byteLength(token)
  const most = Math.min(maxLength / size, maxGraphemes / [...token].length, Math.max(budget, 1) / size)
  return token.repeat(Math.max(1, Math.floor(most) + (beyond ? maxLength : 0)))
}

const aCid = 'bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a'
const aBlob = aCid.replace('bafy', 'bafk')
const clean = (token: string) => token.replaceAll(/[^\w.~!%-]/g, 'y') || 'y'
const formats: Record<string, (length: number, token: string) => string> = {
  datetime: () => '2026-11-20T00:00:00.000Z',
  cid: () => aCid,
  did: (length) => `did:web:${'a'.repeat(Math.min(length, 60))}.example`,
  'at-uri': (length, token) =>
    `at://did:plc:aaaaaaaaaaaaaaaaaaaaaaaa/${collections.dataset}/${clean(token).replaceAll(/[%!]/g, '').slice(0, length)}z`,
  uri: (length, token) =>
    `https://example.org/${clean(token)
      .repeat(Math.ceil(length / clean(token).length))
      .replaceAll(/%(?![0-9a-f]{2})/gi, '%25')}`
      .slice(0, 8_000)
      .replace(/%.?$/, ''),
  language: () => 'en',
}
