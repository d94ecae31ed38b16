/** The code of an error, or of its nearest cause that has one: a SQLSTATE, or a code of Node or the driver. */
export function errorCode(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause)
    if ('code' in at && typeof at.code === 'string') return at.code
  return undefined
}
