/** A value that an import could not take over. */
export interface LeftOver {
  /** The path of the field, such as `Resources/0/Notes`. */
  readonly field: string
  readonly value: unknown
}

/** A text with the language that it is said to be in. */
export interface Wording {
  readonly text: string
  readonly language: string | undefined
}

function bestOf(all: readonly Wording[]): Wording | undefined {
  return all.find(({ language }) => /^en\b/i.test(language ?? '')) ?? all[0]
}

/** The fields of a foreign object. It remembers which fields were taken, so that none is lost unnoticed. */
export class Fields {
  readonly #values: Map<string, unknown>
  readonly #path: string
  readonly #fromItems: LeftOver[] = []

  /** A value that is not an object has no fields; `path` is its place in the entry. */
  constructor(value: unknown, path = '') {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    // In these catalogs, a key without a value means nothing.
    this.#values = new Map(
      Object.entries(isObject ? value : {}).filter(([, item]) => item !== null && item !== undefined),
    )
    this.#path = path
  }

  /** The names of the fields that have not been taken yet. */
  names(): string[] {
    return [...this.#values.keys()]
  }

  /** The text without surrounding white space; undefined if there is none. */
  text(name: string): string | undefined {
    const text = this.#take(name, (value) => typeof value === 'string')?.trim()
    return text === '' ? undefined : text
  }

  /** A text that may exist in several languages, as in JSON-LD: the English one, else the first. The others are left over. */
  wording(name: string): string | undefined {
    const single = this.text(name)
    if (single !== undefined) return single
    const all = this.wordings(name)
    const best = bestOf(all)
    for (const other of all)
      if (other !== best) this.#fromItems.push({ field: this.#pathOf(name), value: other })
    return best?.text
  }

  /** The same text in several languages, the best first; empty if any item of the list is something else. */
  wordings(name: string): Wording[] {
    const single = this.text(name)
    if (single !== undefined) return [{ text: single, language: undefined }]
    const read = (item: unknown): Wording | undefined => {
      const { value, language } = (item ?? {}) as { value?: unknown; language?: unknown }
      const text = typeof item === 'string' ? item : value
      return typeof text === 'string' && text.trim() !== ''
        ? { text: text.trim(), language: typeof language === 'string' ? language : undefined }
        : undefined
    }
    const all =
      this.read(name, (value) => {
        const found = Array.isArray(value) ? value.map(read) : []
        return found.length > 0 && found.every((item) => item !== undefined) ? found : undefined
      }) ?? []
    const best = bestOf(all)
    return best ? [best, ...all.filter((item) => item !== best)] : []
  }

  /** An http(s) address; undefined for anything else. */
  webAddress(name: string): string | undefined {
    return this.#take(
      name,
      (value): value is string =>
        typeof value === 'string' && /^https?:\/\/\S+$/i.test(value) && URL.canParse(value),
    )
  }

  flag(name: string): boolean | undefined {
    return this.#take(name, (value) => typeof value === 'boolean')
  }

  /** A list of texts without blank ones. */
  texts(name: string): string[] {
    const isTexts = (value: unknown): value is string[] =>
      Array.isArray(value) && value.every((item) => typeof item === 'string')
    return (this.#take(name, isTexts) ?? []).map((text) => text.trim()).filter((text) => text !== '')
  }

  list(name: string): unknown[] {
    return this.#take(name, (value) => Array.isArray(value)) ?? []
  }

  object(name: string): object | undefined {
    return this.#take(
      name,
      (value): value is object => typeof value === 'object' && value !== null && !Array.isArray(value),
    )
  }

  /** A list of texts, or a single text without a list. */
  someTexts(name: string): string[] {
    const text = this.text(name)
    return text === undefined ? this.texts(name) : [text]
  }

  /** A list of objects, or a single object without a list; empty if the list contains anything else. */
  objects(name: string): object[] {
    const isObject = (value: unknown): value is object =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
    const single = this.object(name)
    if (single) return [single]
    return this.#take(name, (value): value is object[] => Array.isArray(value) && value.every(isObject)) ?? []
  }

  /** A count of at least 0, which may be written as text. */
  count(name: string): number | undefined {
    const isCount = (value: unknown): value is number | string =>
      (typeof value === 'number' || (typeof value === 'string' && /^\d+$/.test(value.trim()))) &&
      Number.isSafeInteger(Number(value)) &&
      Number(value) >= 0
    const value = this.#take(name, isCount)
    return value === undefined ? undefined : Number(value)
  }

  /** Reads a field with `read`; if that returns undefined, the field is left over. */
  read<T>(name: string, read: (value: unknown) => T | undefined): T | undefined {
    let result: T | undefined
    this.#take(name, (value): value is unknown => {
      result = read(value)
      return result !== undefined
    })
    return result
  }

  /**
   * Reads each item of a list, or a single item without a list. Fields of an item that `read` does not take are left
   * over; if it returns undefined, so is the whole item.
   */
  items<T>(name: string, read: (item: Fields, value: unknown) => T | undefined): T[] {
    const value = this.#take(name, (found): found is unknown => found !== undefined)
    const list = value === undefined ? [] : Array.isArray(value) ? value : [value]
    return list.flatMap((item, index) => {
      const path = this.#pathOf(Array.isArray(value) ? `${name}/${index}` : name)
      const fields = new Fields(item, path)
      const result = read(fields, item)
      this.#fromItems.push(...(result === undefined ? [{ field: path, value: item }] : fields.leftOver()))
      return result === undefined ? [] : [result]
    })
  }

  /** The values that were not taken, because they were never read or were not of the expected kind. */
  leftOver(): LeftOver[] {
    const untaken = [...this.#values].map(([name, value]) => ({ field: this.#pathOf(name), value }))
    return [...untaken, ...this.#fromItems]
  }

  #pathOf(name: string): string {
    return this.#path === '' ? name : `${this.#path}/${name}`
  }

  #take<T>(name: string, fits: (value: unknown) => value is T): T | undefined {
    const value = this.#values.get(name)
    if (value === undefined || !fits(value)) return undefined
    this.#values.delete(name)
    return value
  }
}
