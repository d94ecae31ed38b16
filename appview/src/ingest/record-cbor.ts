import { isUtf8 } from 'node:buffer'
import {
  array,
  byteString,
  CborStepper,
  isPrototypeKey,
  map,
  NotCanonicalError,
  negative,
  simple,
  tagType,
  text,
} from './frame/cbor-step.ts'

/** Facts about an encoded record, found without decoding it. */
export interface RecordMeasure {
  /** How many maps, lists, keys and single values it has; each byte of CBOR may become fifty bytes of memory. */
  readonly items: number
  /** What a field's name has that cannot be kept: U+0000 by our stores, `__proto__` by objects of JavaScript. */
  readonly unstorableKey: string | undefined
}

/** The bytes are not the canonical DAG-CBOR of a record (atproto data model); the message says why. */
export class RecordCborError extends Error {
  override readonly name = 'RecordCborError'
}

const maxDepth = 64
const cidTag = 42
const notCanonical = 'a number or a length is not in its shortest form, or something is cut off'

/**
 * Steps over a record once. Refuses what the atproto data model does not have (floats, `undefined`, other tags, integers
 * beyond 53 bits), what is not canonical (unsorted or repeated keys, invalid UTF-8, numbers and lengths not in their shortest
 * form, indefinite lengths), and what is nested deeper than any lexicon needs. Otherwise two byte strings could decode to the
 * same value, and readers would not agree on which is the record. Throws RecordCborError.
 */
export function measureRecord(bytes: Uint8Array): RecordMeasure {
  const stepper = new CborStepper()
  stepper.reset(bytes)
  try {
    return new Measuring(stepper).whole()
  } catch (error) {
    if (error instanceof NotCanonicalError) throw new RecordCborError(notCanonical)
    throw error
  }
}

class Measuring {
  readonly #stepper: CborStepper
  #items = 0
  #unstorableKey: string | undefined

  constructor(stepper: CborStepper) {
    this.#stepper = stepper
  }

  whole(): RecordMeasure {
    this.#value(0)
    if (this.#stepper.at !== this.#stepper.bytes.length) refuse('something follows the record')
    return { items: this.#items, unstorableKey: this.#unstorableKey }
  }

  #value(depth: number): void {
    if (depth > maxDepth) refuse(`it is nested more than ${maxDepth} deep`)
    this.#items++
    const stepper = this.#stepper
    const major = stepper.head()
    const { argument } = stepper
    if (major === text) this.#text(argument)
    else if (major === byteString) stepper.take(argument)
    else if (major === array) for (let left = argument; left > 0; left--) this.#value(depth + 1)
    else if (major === map) this.#map(argument, depth)
    else if (major === tagType) this.#link(argument)
    else if (major === simple && (argument < 20 || argument > 22)) refuse('it holds a float or `undefined`')
    else if (major === negative && argument >= Number.MAX_SAFE_INTEGER) refuse('an integer is beyond 53 bits')
  }

  #map(count: number, depth: number): void {
    const stepper = this.#stepper
    let [before, beforeEnd] = [-1, -1]
    for (let left = count; left > 0; left--) {
      const start = stepper.at
      if (stepper.head() !== text) refuse('a key is no text')
      const end = stepper.at + stepper.argument
      this.#unstorableKey ??= unstorableIn(stepper.bytes.subarray(stepper.at, end))
      this.#text(stepper.argument)
      if (before >= 0 && !stepper.inOrder(before, beforeEnd, start))
        refuse('its keys are not sorted, or one stands twice')
      before = start
      beforeEnd = end
      this.#items++
      this.#value(depth + 1)
    }
  }

  #text(length: number): void {
    const stepper = this.#stepper
    const start = stepper.take(length)
    if (!isUtf8(stepper.bytes.subarray(start, stepper.at))) refuse('a text is not UTF-8')
  }

  #link(tag: number): void {
    const stepper = this.#stepper
    if (tag !== cidTag) refuse(`it holds tag ${tag}`)
    const length = stepper.expect(byteString)
    if (stepper.bytes[stepper.take(length)] !== 0) refuse('a link is no CID')
  }
}

function unstorableIn(key: Uint8Array): string | undefined {
  if (key.includes(0)) return 'holds the character U+0000'
  return isPrototypeKey(key) ? 'is `__proto__`' : undefined
}

function refuse(what: string): never {
  throw new RecordCborError(what)
}
