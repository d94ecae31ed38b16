import {
  isAtUriString,
  isDatetimeString,
  isDidString,
  isLanguageString,
  isUriString,
} from '@atproto/lex-schema'
import { counted } from '@holdfast/runtime/counted'
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type LineCounter,
  type Node,
  type Pair,
  type YAMLMap,
} from 'yaml'
import { toUri } from '../../import/values/addresses.ts'
import { toEdtf } from '../../import/values/dates.ts'
import { parseBytes } from '../../output/quantities.ts'
import { shorten } from '../../output/shorten.ts'
import { plain } from '../../output/terminal.ts'
import type { RecordJson } from '../../records/repo.ts'
import { nearest } from './nearest.ts'
import { datasetShape, type ListShape, type ObjectShape, type Shape, type TextShape } from './shape.ts'
import { commaSeparated, examples, ofList, ofScheme, shortForms } from './short-forms.ts'

/** A fault in a metadata file. */
export interface Fault {
  /** The line, from 1; undefined if the fault has none, such as a missing field. */
  readonly line: number | undefined
  /** The path of the field, such as `sources/0/url`. */
  readonly field: string
  /** What is wrong and what was expected. */
  readonly problem: string
  /** An example of how it may be written. */
  readonly example: string
}

/** A short form that was accepted, and its full form. */
export interface ShortFormNote {
  readonly line: number | undefined
  readonly field: string
  readonly long: string
}

export interface ReadMeta {
  readonly record: RecordJson
  readonly faults: readonly Fault[]
  readonly notes: readonly ShortFormNote[]
}

/**
 * Reads the fields of a dataset as people write them: `keywords: [a, b]`, `license: CC0-1.0`, `creators: Ana`, numbers
 * where a text is expected. Every fault is found in one pass. `isComplete` requires the fields that a dataset must
 * have.
 */
export function readMeta(
  document: Document.Parsed | Document,
  { lines, isComplete }: { lines: LineCounter | undefined; isComplete: boolean },
): ReadMeta {
  const reader = new MetaReader(document, lines)
  const shape = datasetShape()
  const required = isComplete ? shape.required.filter((name) => name !== 'createdAt') : []
  const record = reader.read(document.contents as Node, { ...shape, required }, '') as RecordJson | undefined
  return { record: record ?? {}, faults: reader.faults, notes: reader.notes }
}

class MetaReader {
  readonly faults: Fault[] = []
  readonly notes: ShortFormNote[] = []
  readonly #document: Document
  readonly #lines: LineCounter | undefined

  constructor(document: Document, lines: LineCounter | undefined) {
    this.#document = document
    this.#lines = lines
  }

  /** The value in the form of a record; undefined if there is none or a fault was found. */
  read(found: Node | null, shape: Shape, path: string): unknown {
    const node = isAlias(found) ? (found.resolve(this.#document) ?? null) : found
    if (!node || (isScalar(node) && node.value === null)) return undefined
    if (shape.kind === 'list') return this.#readList(node, shape, path)
    if (shape.kind === 'object') return this.#readObject(node, shape, path)
    if (shape.kind === 'text') return this.#readText(node, shape, path)
    if (shape.kind === 'integer') return this.#readInteger(node, path)
    return node.toJS(this.#document)
  }

  #readList(node: Node, shape: ListShape, path: string): unknown[] | undefined {
    const { of } = shape
    if (isSeq(node)) {
      if (node.items.length > shape.maxLength)
        this.#fault(node, path, {
          problem: `has ${counted(node.items.length, 'item')}, at most ${shape.maxLength} are allowed`,
          shape,
        })
      return node.items
        .map((item, index) => this.read(item as Node, of, `${path}/${index}`))
        .filter((item) => item !== undefined)
    }
    const name = of.kind === 'object' ? of.name : ''
    const text = textOf(node)
    if (text !== undefined && commaSeparated.has(name)) {
      const items = text.split(/\s*,\s*/).filter(Boolean)
      return this.#short(
        node,
        path,
        items.map((item) => shortForms[name]!(item)),
      )
    }
    const schemes = isMap(node) && name === 'identifier' ? this.#schemesOf(node) : undefined
    if (schemes) return this.#short(node, path, schemes)
    const item = this.read(node, of, path)
    return item === undefined ? undefined : [item]
  }

  #readObject(node: Node, shape: ObjectShape, path: string): unknown {
    if (isMap(node)) return this.#readMap(node, shape, path)
    const text = textOf(node)
    if (text !== undefined) {
      if (text.trim() === '') return undefined
      const long = shortForms[shape.name]?.(text.trim())
      if (long) return this.#short(node, path, long)
    }
    if (isSeq(node)) {
      const texts = node.items.map((item) => textOf(item as Node) ?? '')
      const long = ofList(shape.name, texts)
      if (long) return this.#short(node, path, long)
      if (node.items.length === 1) return this.read(node.items[0] as Node, shape, path)
      return this.#fault(node, path, { problem: 'takes one value, not a list', shape })
    }
    return this.#fault(node, path, { problem: `cannot be read from ${quoted(text ?? '')}`, shape })
  }

  #readMap(node: YAMLMap, shape: ObjectShape, path: string): unknown {
    const schemes = shape.name === 'identifier' ? this.#schemesOf(node) : undefined
    if (schemes?.length === 1) return this.#short(node, path, schemes[0]!)
    const isBareAgent = shape.name === 'contributor' && !node.has('agent')
    if (isBareAgent) return this.#readBareAgent(node, shape, path)
    const record: Record<string, unknown> = {}
    for (const pair of node.items as Pair<Node, Node | null>[]) {
      const name = String(isScalar(pair.key) ? pair.key.value : pair.key)
      const field = shape.fields.get(name)
      const at = path === '' ? name : `${path}/${name}`
      if (field) {
        const value = this.read(pair.value, field.shape, at)
        if (value !== undefined) record[name] = value
      } else if (/^(?:\$type$|x-)|[.:]/.test(name)) record[name] = pair.value?.toJS(this.#document)
      else this.#unknownField(pair.key, name, { at, shape })
    }
    for (const name of shape.required)
      if (record[name] === undefined && !this.faults.some(({ field }) => isWithin(field, path, name)))
        this.#fault(node, path === '' ? name : `${path}/${name}`, {
          problem: 'is missing',
          shape: shape.fields.get(name)!.shape,
        })
    return record
  }

  #readBareAgent(node: YAMLMap, shape: ObjectShape, path: string): unknown {
    const agent = shape.fields.get('agent')!.shape as ObjectShape
    const fields = new Map([...agent.fields, ['role', shape.fields.get('role')!] as const])
    const { role, ...read } = this.#readMap(node, { ...agent, fields }, path) as Record<string, unknown>
    return this.#short(node, path, { agent: read, ...(role !== undefined && { role }) })
  }

  #unknownField(key: Node, name: string, { at, shape }: { at: string; shape: ObjectShape }): void {
    const known = [...shape.fields.keys()].filter((field) => field !== 'createdAt')
    const meant = nearest(name, known)
    const of =
      shape.name === 'dataset' ? 'a dataset' : `${/^[aeiou]/.test(shape.name) ? 'an' : 'a'} ${shape.name}`
    const hint = meant ? `did you mean ${meant}?` : `the fields are ${known.join(', ')}`
    this.#fault(key, at, {
      problem: `is not a field of ${of}; ${hint}`,
      shape: meant ? shape.fields.get(meant)!.shape : shape,
      ...(meant && { name: meant }),
    })
  }

  #readText(node: Node, shape: TextShape, path: string): string | undefined {
    const text = textOf(node)
    if (text === undefined) return this.#fault(node, path, { problem: 'must be a single text', shape })
    const value = shape.isDate || shape.format ? text.trim() : text
    if (value === '') return undefined
    const bytes = Buffer.byteLength(value)
    if (bytes > shape.maxLength && path !== 'description')
      return this.#fault(node, path, {
        problem: `is ${counted(bytes, 'byte')} long, at most ${shape.maxLength} are allowed`,
        shape,
      })
    if (shape.isDate) return this.#readDate(node, value, { path, shape })
    if (shape.format === 'uri' && /\s/.test(value)) {
      const escaped = toUri(value)
      if (escaped) return this.#short(node, path, escaped)
    }
    const format = shape.format === undefined ? undefined : formats[shape.format]
    if (format && !format.fits(value))
      return this.#fault(node, path, { problem: `${quoted(value)} is not a valid ${format.name}`, shape })
    if (shape.knownValues.length > 0 && !shape.knownValues.includes(value)) {
      const meant = nearest(value, shape.knownValues)
      if (meant)
        return this.#fault(node, path, {
          problem: `${quoted(value)} is not one of its values; did you mean ${meant}?`,
          shape,
          value: meant,
        })
    }
    return value
  }

  #readDate(
    node: Node,
    text: string,
    { path, shape }: { path: string; shape: TextShape },
  ): string | undefined {
    const date = toEdtf(text)
    if (date === undefined)
      return this.#fault(node, path, {
        problem: `${quoted(text)} is not a date in EDTF, such as 2011, 2011-06-30 or 1880/1920`,
        shape,
      })
    return date === text ? date : this.#short(node, path, date)
  }

  #readInteger(node: Node, path: string): number | undefined {
    const text = textOf(node) ?? ''
    const number = Number(text)
    if (text.trim() !== '' && Number.isSafeInteger(number) && number >= 0) return number
    try {
      const bytes = parseBytes(text)
      if (/bytes$/i.test(path) && Number.isSafeInteger(bytes)) return this.#short(node, path, bytes)
    } catch {
      // The text is not a size either.
    }
    return this.#fault(node, path, {
      problem: `${quoted(text)} is not a whole number`,
      shape: { kind: 'integer' },
    })
  }

  /** The identifiers that `{doi: …, ark: …}` means; undefined if a key is not a scheme. */
  #schemesOf(node: YAMLMap): object[] | undefined {
    const found = (node.items as Pair<Node, Node>[]).map(({ key, value }) =>
      ofScheme(textOf(key) ?? '', textOf(value) ?? ''),
    )
    return found.length > 0 && found.every((item) => item !== undefined) ? found : undefined
  }

  #short<T>(node: Node, field: string, long: T): T {
    this.notes.push({ line: this.#lineOf(node), field, long: shorten(plain(inYaml(long)), 200) })
    return long
  }

  #fault(
    node: Node,
    field: string,
    { problem, shape, name, value }: { problem: string; shape: Shape; name?: string; value?: string },
  ): undefined {
    const last = name ?? field.split('/').findLast((part) => !/^\d+$/.test(part)) ?? field
    const example = value ? `${last}: ${value}` : exampleOf(last, shape)
    this.faults.push({ line: this.#lineOf(node), field: plain(field), problem, example })
  }

  #lineOf({ range }: Node): number | undefined {
    return range && this.#lines ? this.#lines.linePos(range[0]).line : undefined
  }
}

/** An example of how the field may be written, such as `creators: [{name: Ana Pérez}]`. */
export function exampleOf(name: string, shape: Shape): string {
  if (shape.kind === 'list') return `${name}: [${sampleOf(name, shape.of)}]`
  if (shape.kind === 'object' && shape.name === 'dataset') return `title: ${examples.title}`
  return `${name}: ${sampleOf(name, shape)}`
}

function sampleOf(name: string, shape: Shape): string {
  if (shape.kind === 'object') return examples[shape.name] ?? '{…}'
  if (shape.kind === 'integer') return examples.integer!
  if (shape.kind !== 'text') return '…'
  if (shape.isDate) return examples.date!
  const known = shape.format ?? name
  return shape.knownValues[0] ?? examples[known] ?? examples.text!
}

interface Format {
  readonly name: string
  fits(text: string): boolean
}

const formats: Readonly<Record<string, Format>> = {
  uri: { name: 'address', fits: isUriString },
  'at-uri': { name: 'AT-URI', fits: isAtUriString },
  did: { name: 'DID', fits: isDidString },
  datetime: { name: 'time', fits: isDatetimeString },
  language: { name: 'language tag', fits: isLanguageString },
}

/** The text exactly as written, such as `1.10`, which would be 1.1 as a number. */
function textOf(node: Node | null): string | undefined {
  if (!isScalar(node)) return undefined
  if (typeof node.value === 'string') return node.value
  return node.source ?? String(node.value)
}

function isWithin(field: string, path: string, name: string): boolean {
  const at = path === '' ? name : `${path}/${name}`
  return field === at || field.startsWith(`${at}/`)
}

function quoted(text: string): string {
  return JSON.stringify(shorten(plain(text), 80))
}

function inYaml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inYaml).join(', ')}]`
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .map(([name, item]) => `${name}: ${inYaml(item)}`)
      .join(', ')}}`
  const text = String(value)
  return /^[\w./+-][\w ./+-]*$/.test(text) && !/^[\d.+-]/.test(text) ? text : JSON.stringify(value)
}
