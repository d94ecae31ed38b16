import { recognizeIdentifier } from '@holdfast/lexicons/identifiers'
import type { LeftOver } from './fields.ts'
import type { Imported } from './formats/aws-open-data-registry.ts'
import { readLicense } from './license.ts'
import { toUri } from './values/addresses.ts'
import { toEdtf } from './values/dates.ts'
import { toLanguage } from './values/languages.ts'

/**
 * Names the values of an entry that are neither in its record nor already listed as left over. A field counts as taken
 * over only if every value in it was, whichever reader read it. `entry` is what the reader read, under the names that
 * it read.
 */
export function accountFor(entry: unknown, imported: Imported): Imported {
  const kept = new Kept([imported.rkey, imported.record, imported.descriptionMarkdown, imported.leftOver])
  const named = new Set(imported.leftOver.map(({ field }) => field))
  const lost = new Map<string, unknown>()
  for (const leaf of leavesOf(entry, [])) {
    if (isNamed(leaf.path, named) || isStructure(leaf) || kept.has(leaf)) continue
    lost.set(leaf.field, leaf.whole)
  }
  if (lost.size === 0) return imported
  const found = [...lost].map(([field, value]): LeftOver => ({ field, value }))
  return { ...imported, leftOver: [...imported.leftOver, ...found] }
}

interface Leaf {
  readonly path: readonly string[]
  /** Undefined for a boolean, which no record contains. */
  readonly text: string | undefined
  /**
   * The field to name if the leaf is lost: the leaf itself, or the enclosing field if numbers or lists only make sense
   * together.
   */
  readonly field: string
  readonly whole: unknown
}

function* leavesOf(
  value: unknown,
  path: readonly string[],
  group?: Pick<Leaf, 'field' | 'whole'>,
): Generator<Leaf> {
  const field = path.join('/')
  if (Array.isArray(value)) {
    const isShape = value.length > 0 && value.every((item) => typeof item === 'number' || Array.isArray(item))
    const whole = group ?? (isShape ? { field, whole: value } : undefined)
    for (const [index, item] of value.entries()) yield* leavesOf(item, [...path, String(index)], whole)
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, item] of Object.entries(value)) yield* leavesOf(item, [...path, name], group)
  } else if (typeof value === 'boolean') {
    yield { path, text: undefined, ...(group ?? { field, whole: value }) }
  } else if (typeof value === 'number' || (typeof value === 'string' && value.trim() !== '')) {
    const inner = typeof value === 'string' ? jsonIn(value) : undefined
    if (inner !== undefined) yield* leavesOf(inner, path, { field, whole: value })
    else yield { path, text: String(value), ...(group ?? { field, whole: value }) }
  }
}

/** CKAN stores GeoJSON as a text. */
function jsonIn(text: string): object | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined
  try {
    return JSON.parse(text) as object
  } catch {
    return undefined
  }
}

function isNamed(path: readonly string[], named: ReadonlySet<string>): boolean {
  return path.some((_, end) => named.has(path.slice(0, end + 1).join('/')))
}

/** Names of classes and of kinds of value, which are implied by the field that took the value. */
const structural = new Set(['type', '@type', '@context', 'dateType', 'descriptionType', 'titleType'])
const vocabulary = new Set([
  'propertyID',
  'schemeAgency',
  'relatedIdentifierType',
  'identifierType',
  'alternateIdentifierType',
  'rightsIdentifierScheme',
  'nameIdentifierScheme',
  'publisherIdentifierScheme',
  'funderIdentifierType',
  'algorithm',
])

function isStructure({ path }: Leaf): boolean {
  const name = path.findLast((part) => !/^\d+$/.test(part)) ?? ''
  // The language of one of several texts is next to the text.
  return structural.has(name) || vocabulary.has(name) || (name === 'language' && path.length > 2)
}

/** The words of everything that was taken over, to look up whether a text is among them. */
class Kept {
  readonly #squeezed: string
  readonly #words: ReadonlySet<string>

  constructor(values: unknown) {
    const texts = [...textsOf(values)].map(decoded)
    this.#squeezed = squeeze(texts.join('\n'))
    this.#words = new Set(texts.flatMap(wordsIn))
  }

  has({ text, path }: Leaf): boolean {
    return text !== undefined && formsOf(text, path).some((form) => this.#hasText(decoded(form)))
  }

  #hasText(text: string): boolean {
    const squeezed = squeeze(text)
    if (squeezed === '' || (squeezed.length > 7 && this.#squeezed.includes(squeezed))) return true
    return wordsIn(text).every(
      (word) => this.#words.has(word) || (word.length > 7 && this.#squeezed.includes(squeeze(word))),
    )
  }
}

function* textsOf(value: unknown): Generator<string> {
  if (typeof value === 'object' && value !== null)
    for (const item of Object.values(value)) yield* textsOf(item)
  else if (value !== undefined && value !== null) yield String(value)
}

/**
 * The forms in which readers write a value: dates in EDTF, licenses by their identifier, addresses escaped, terms by
 * their short names.
 */
function formsOf(text: string, path: readonly string[]): string[] {
  const terms =
    /^(?:accrualPeriodicity|language|inLanguage|format|mediaType|encodingFormat|conditionsOfAccess)$/
  const isTerm = path.some((part) => terms.test(part))
  const found: (string | undefined)[] = [
    text,
    text.replace(/\b(?:POLYGON|POINT|Polygon|Point|mailto:)\b/g, ' '),
    toEdtf(text),
    text
      .split('/')
      .map((part) => toEdtf(part) ?? part)
      .join('/'),
    readLicense(text).spdx,
    recognizeIdentifier(text)?.value,
    toUri(text),
    Number.isFinite(Number(text)) ? String(Number(text)) : undefined,
    sizeIn(text),
    ...(isTerm
      ? [
          toLanguage(text)?.tag,
          text.replace(/^https?:\/\/.*\/(?:media-types|file-type)\//i, ''),
          text.replace(
            /^https?:\/\/(?:publications\.europa\.eu|purl\.org|id\.loc\.gov|lexvo\.org)\/.*[/#]/,
            '',
          ),
        ]
      : []),
  ]
  return found.filter((form): form is string => form !== undefined && form !== '')
}

function sizeIn(text: string): string | undefined {
  const match = /^([\d.]+)\s*([kMGT])(i?)B?$/.exec(text.trim())
  if (!match) return undefined
  return String(Math.round(Number(match[1]) * (match[3] ? 1024 : 1000) ** ' kMGT'.indexOf(match[2]!)))
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text).toLowerCase()
  } catch {
    return text.toLowerCase()
  }
}

function squeeze(text: string): string {
  return text.replace(/[^\p{L}\p{M}\p{N}]+/gu, '')
}

/** Splits a text into whole words, so that `1` is not found in `2011`; a sign or decimal point belongs to its number. */
function wordsIn(text: string): string[] {
  return text.match(/-?\p{N}+(?:\.\p{N}+)?(?![\p{L}\p{N}])|[\p{L}\p{M}\p{N}]+/gu) ?? []
}
