/**
 * Applies `read` to a value or to every item of a list; undefined if one of them does not fit, so that nothing is lost
 * unnoticed.
 */
export function eachOf<T>(read: (item: unknown) => T | undefined): (value: unknown) => T[] | undefined {
  return (value) => {
    const items = (Array.isArray(value) ? value : [value]).map(read)
    return items.every((item) => item !== undefined) ? items : undefined
  }
}
