/** Converts between the texts in a form's fields and the values of a record. */

/** The text of each field by its name. */
export type Fields = Readonly<Record<string, string>>

/** How a form shows one kind of record. Fields of the record that the form does not show are taken from `before`. */
export interface RecordForm {
  toFields(value: Readonly<Record<string, unknown>>): Fields
  toRecord(fields: Fields, before: Readonly<Record<string, unknown>>): Record<string, unknown>
  /** The field that shows a path of the record, such as `sources` for `sources/0/url`. */
  fieldOf(path: string): string | undefined
}

/** `before` with these fields changed; empty ones are removed. */
export function filled(changed: object, before: object = {}): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...before }
  for (const [name, value] of Object.entries(changed)) {
    const isEmpty = value === '' || value === undefined || (Array.isArray(value) && value.length === 0)
    if (isEmpty) delete merged[name]
    else merged[name] = value
  }
  return merged
}

/** The non-empty lines of a text, without repetitions. */
export function lines(text: string): string[] {
  return unique(text.split('\n').map((line) => line.trim()))
}

export function unique(items: readonly string[]): string[] {
  return [...new Set(items)].filter((item) => item !== '')
}
