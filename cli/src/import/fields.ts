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

  /** What nobody took, because nobody asked or because it was not of the kind asked for. */
  leftOver(): LeftOver[] {
    const prefix = this.#path === '' ? '' : `${this.#path}/`
    return [...this.#values].map(([name, value]) => ({ field: `${prefix}${name}`, value }))
  }

  #take<T>(name: string, fits: (value: unknown) => value is T): T | undefined {
    const value = this.#values.get(name)
    if (!fits(value)) return undefined
    this.#values.delete(name)
    return value
  }
}
