/** Between the text of a form's fields and the values of a record. */

/** The text of each field by its name. */
export type Fields = Readonly<Record<string, string>>

/** How one kind of record stands in its form. What the form does not show stays as it was in `before`. */
export interface RecordForm {
  toFields(value: Readonly<Record<string, unknown>>): Fields
  toRecord(fields: Fields, before: Readonly<Record<string, unknown>>): Record<string, unknown>
  /** Which field a path of the record is shown in, such as `sources/0/url` in `sources`. */
  fieldOf(path: string): string | undefined
}

/** `before` with these fields, those that are empty left out. */
export function filled(changed: object, before: object = {}): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...before }
  for (const [name, value] of Object.entries(changed)) {
    const isEmpty = value === '' || value === undefined || (Array.isArray(value) && value.length === 0)
    if (isEmpty) delete merged[name]
    else merged[name] = value
  }
  return merged
}

/** The lines that say something, each once. */
export function lines(text: string): string[] {
  return unique(text.split('\n').map((line) => line.trim()))
}

export function unique(items: readonly string[]): string[] {
  return [...new Set(items)].filter((item) => item !== '')
}
