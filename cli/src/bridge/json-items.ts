import { CommandError } from '../command-error.ts'

/** An item of a list in JSON: its text, or undefined if that is longer than the limit. */
export type JsonItem = string | undefined

const [quote, backslash, colon, comma] = [0x22, 0x5c, 0x3a, 0x2c]
const isOpening = (code: number) => code === 0x7b || code === 0x5b
const isClosing = (code: number) => code === 0x7d || code === 0x5d
const isSpace = (code: number) =>
  code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09 || code === 0xfeff

/**
 * The objects of the list that a JSON document has under `name`, or is itself, one after the other, so that a document
 * of any size takes the memory of one object. Throws a CommandError if the document breaks off or has no such list.
 */
export async function* jsonItems(
  chunks: AsyncIterable<string>,
  { name, place, maxCharacters }: { name: string; place: string; maxCharacters: number },
): AsyncGenerator<JsonItem> {
  const scan = new Scan(name, maxCharacters)
  for await (const chunk of chunks) yield* scan.take(chunk)
  if (scan.isHtml) throw new CommandError('network', `${place} is a web page, not data.`)
  if (!scan.isComplete) throw new CommandError('network', `${place} is not JSON, or breaks off.`)
  if (!scan.hasList) throw new CommandError('network', `${place} has no list “${name}”.`)
}

class Scan {
  readonly #name: string
  readonly #maxCharacters: number
  #depth = 0
  #begun = false
  #isInString = false
  #isEscaped = false
  /** The last string at the top level of the document, which is a key if a colon follows. */
  #string = ''
  #key = ''
  /** The depth of the list, once it has begun; -1 outside it. */
  #listDepth = -1
  /** The parts of the item that is being read; undefined between items. */
  #item: string[] | undefined
  #itemLength = 0
  hasList = false
  isHtml = false

  constructor(name: string, maxCharacters: number) {
    this.#name = name
    this.#maxCharacters = maxCharacters
  }

  get isComplete(): boolean {
    return this.#begun && this.#depth === 0 && !this.#isInString
  }

  *take(chunk: string): Generator<JsonItem> {
    let from = 0
    for (let at = 0; at < chunk.length; at++) {
      const code = chunk.charCodeAt(at)
      if (this.#isInString) {
        if (this.#isEscaped) this.#isEscaped = false
        else if (code === backslash) this.#isEscaped = true
        else if (code === quote) this.#isInString = false
        if (this.#isInString && this.#depth === 1 && this.#string.length < 200) this.#string += chunk[at]
        continue
      }
      if (code === quote) {
        this.#isInString = true
        if (this.#depth === 1) this.#string = ''
      } else if (isOpening(code)) {
        if (this.#item === undefined && this.#depth === this.#listDepth && code === 0x7b) {
          this.#item = []
          this.#itemLength = 0
          from = at
        }
        this.#open(code)
      } else if (isClosing(code)) {
        this.#depth--
        if (this.#item && this.#depth === this.#listDepth) yield this.#end(chunk.slice(from, at + 1))
        else if (this.#depth < this.#listDepth) this.#listDepth = -1
      } else if (code === colon && this.#depth === 1) this.#key = this.#string
      else if (code === comma && this.#depth === 1) this.#key = ''
      else if (!this.#begun && !isSpace(code)) {
        this.#begun = true
        this.isHtml = chunk[at] === '<'
      }
      if (this.isHtml) return
    }
    if (this.#item) this.#add(chunk.slice(from))
  }

  #open(code: number): void {
    const isList =
      code === 0x5b && !this.hasList && (this.#depth === 0 || (this.#depth === 1 && this.#key === this.#name))
    this.#begun = true
    this.#depth++
    if (!isList) return
    this.hasList = true
    this.#listDepth = this.#depth
  }

  #add(text: string): void {
    this.#itemLength += text.length
    if (this.#itemLength <= this.#maxCharacters) this.#item!.push(text)
    else this.#item!.length = 0
  }

  #end(text: string): JsonItem {
    this.#add(text)
    const item = this.#itemLength <= this.#maxCharacters ? this.#item!.join('') : undefined
    this.#item = undefined
    return item
  }
}
