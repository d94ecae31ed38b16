/** Reads a value or every one of a list; undefined, so that nothing is lost unnoticed, if one of them does not fit. */
export function eachOf<T>(read: (item: unknown) => T | undefined): (value: unknown) => T[] | undefined {
  return (value) => {
    const items = (Array.isArray(value) ? value : [value]).map(read)
    return items.every((item) => item !== undefined) ? items : undefined
  }
}
