import {
  type BencodeLimits,
  dictEntries,
  integerAt,
  kindAt,
  listItems,
  scanValue,
  stringSpan,
} from './bencode.ts'

/** A value to encode. Strings are written as UTF-8, and `undefined` entries are left out. */
export type Encodable =
  | string
  | number
  | bigint
  | Uint8Array
  | readonly Encodable[]
  | ReadonlyMap<string | Uint8Array, Encodable | undefined>
  | { readonly [key: string]: Encodable | undefined }

/** Encodes canonically (BEP 3): keys are sorted as bytes. Throws RangeError for numbers that are not integers. */
export function encode(value: Encodable): Uint8Array {
  const chunks: Uint8Array[] = []
  append(value, chunks)
  return Buffer.concat(chunks)
}

export type Decoded = Uint8Array | number | Decoded[] | Map<string, Decoded>

/**
 * Decodes a whole value into a tree: strings become bytes, keys become latin1 text (one character per byte), and the
 * first of repeated keys counts. Use it for small values; for metainfo, use the positions of `bencode.ts`. Throws
 * BencodeError.
 */
export function decode(bytes: Uint8Array, limits?: Partial<BencodeLimits>): Decoded {
  scanValue(bytes, 0, limits)
  return treeAt(bytes, 0)
}

function treeAt(bytes: Uint8Array, at: number): Decoded {
  switch (kindAt(bytes, at)) {
    case 'integer':
      return integerAt(bytes, at)
    case 'string': {
      const { start, end } = stringSpan(bytes, at)
      return bytes.subarray(start, end)
    }
    case 'list':
      return [...listItems(bytes, at)].map((item) => treeAt(bytes, item))
    case 'dictionary': {
      const tree = new Map<string, Decoded>()
      for (const { key, value } of dictEntries(bytes, at)) {
        const name = Buffer.from(bytes.subarray(key.start, key.end)).toString('latin1')
        if (!tree.has(name)) tree.set(name, treeAt(bytes, value))
      }
      return tree
    }
  }
}

function append(value: Encodable, chunks: Uint8Array[]): void {
  if (typeof value === 'string') appendString(Buffer.from(value), chunks)
  else if (value instanceof Uint8Array) appendString(value, chunks)
  else if (typeof value === 'number' || typeof value === 'bigint') {
    if (typeof value === 'number' && !Number.isSafeInteger(value))
      throw new RangeError(`bencode has whole numbers only, not ${value}`)
    chunks.push(Buffer.from(`i${value}e`))
  } else if (Array.isArray(value)) {
    chunks.push(list)
    for (const item of value) append(item, chunks)
    chunks.push(endByte)
  } else appendDict(value as Exclude<typeof value, readonly Encodable[]>, chunks)
}

function appendDict(
  dict:
    | ReadonlyMap<string | Uint8Array, Encodable | undefined>
    | { readonly [key: string]: Encodable | undefined },
  chunks: Uint8Array[],
): void {
  const entries = dict instanceof Map ? [...dict] : Object.entries(dict)
  const sorted = entries
    .filter((entry): entry is [string | Uint8Array, Encodable] => entry[1] !== undefined)
    .map(([key, value]) => [Buffer.from(key as string), value] as const)
    .sort(([a], [b]) => Buffer.compare(a, b))
  chunks.push(dictByte)
  for (const [key, value] of sorted) {
    appendString(key, chunks)
    append(value, chunks)
  }
  chunks.push(endByte)
}

function appendString(bytes: Uint8Array, chunks: Uint8Array[]): void {
  chunks.push(Buffer.from(`${bytes.length}:`), bytes)
}

const [dictByte, list, endByte] = [Buffer.from('d'), Buffer.from('l'), Buffer.from('e')]
