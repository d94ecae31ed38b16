/** The code of an error, or else of the nearest of its causes that has one: a SQLSTATE, or a word of Node's or the driver's. */
export function errorCode(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause)
    if ('code' in at && typeof at.code === 'string') return at.code
  return undefined
}
