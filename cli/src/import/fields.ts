/** Something an import could not place. */
export interface LeftOver {
  /** The path of the field, such as `Resources/0/Notes`. */
  readonly field: string
  readonly value: unknown
}

/** The fields of a foreign object, which remembers those that were taken so that none is lost unnoticed. */
export class Fields {
  readonly #values: Map<string, unknown>
  readonly #path: string
  readonly #fromItems: LeftOver[] = []

  /** Of anything but an object there are no fields; `path` is where it stands. */
  constructor(value: unknown, path = '') {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    // In these catalogues a key without a value says nothing.
    this.#values = new Map(
      Object.entries(isObject ? value : {}).filter(([, item]) => item !== null && item !== undefined),
    )
    this.#path = path
  }

  /** The names of the fields nobody has taken yet. */
  names(): string[] {
    return [...this.#values.keys()]
  }

  /** Text without the white space around it; undefined if there is none. */
  text(name: string): string | undefined {
    const text = this.#take(name, (value) => typeof value === 'string')?.trim()
    return text === '' ? undefined : text
  }

  /** An http(s) address. */
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

  /** A list of texts, blank ones left out. */
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

  /** Texts of which a single one may stand without its list. */
  someTexts(name: string): string[] {
    const text = this.text(name)
    return text === undefined ? this.texts(name) : [text]
  }

  /** Objects of which a single one may stand without its list; of a mixed list none. */
  objects(name: string): object[] {
    const isObject = (value: unknown): value is object =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
    const single = this.object(name)
    if (single) return [single]
    return this.#take(name, (value): value is object[] => Array.isArray(value) && value.every(isObject)) ?? []
  }

  /** A count of at least 0, also where it is written as text. */
  count(name: string): number | undefined {
    const isCount = (value: unknown): value is number | string =>
      (typeof value === 'number' || (typeof value === 'string' && /^\d+$/.test(value.trim()))) &&
      Number.isSafeInteger(Number(value)) &&
      Number(value) >= 0
    const value = this.#take(name, isCount)
    return value === undefined ? undefined : Number(value)
  }

  /** A field as `read` understands it; where that gives undefined the field is left over. */
  read<T>(name: string, read: (value: unknown) => T | undefined): T | undefined {
    let result: T | undefined
    this.#take(name, (value): value is unknown => {
      result = read(value)
      return result !== undefined
    })
    return result
  }

  /**
   * Reads each item of a list, or the one that stands without its list. What `read` leaves of an item is left over here;
   * where it gives undefined, the whole item.
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

  /** What nobody took, because nobody asked or because it was not of the kind asked for. */
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
