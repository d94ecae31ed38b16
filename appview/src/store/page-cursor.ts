/** A cursor that this server did not give for this listing. */
export class InvalidCursorError extends Error {
  /** The HTTP status, in every interface: the caller made a mistake. */
  readonly status = 400
  constructor() {
    super('This server did not issue that cursor for this listing. Begin again without it.')
    this.name = 'InvalidCursorError'
  }
}

export type CursorPart = string | number

/**
 * Encodes where a page ended: the sort key of its last row, so that rows added later shift nothing. Opaque to clients;
 * `listing` keeps a cursor of one listing from being used on another.
 */
export function encodeCursor(listing: string, key: readonly CursorPart[]): string {
  return Buffer.from(JSON.stringify([listing, ...key])).toString('base64url')
}

/**
 * Decodes the key in a cursor. `shape` names the type of each part.
 *
 * @throws InvalidCursorError
 */
export function decodeCursor<const Shape extends readonly ('string' | 'number' | 'instant')[]>(
  listing: string,
  cursor: string,
  shape: Shape,
): { [I in keyof Shape]: Shape[I] extends 'number' ? number : string } {
  const [name, ...key] = parse(cursor)
  if (name !== listing || key.length !== shape.length) throw new InvalidCursorError()
  if (!shape.every((type, i) => fits(type, key[i]))) throw new InvalidCursorError()
  return key as unknown as { [I in keyof Shape]: Shape[I] extends 'number' ? number : string }
}

function parse(cursor: string): unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}

function fits(type: 'string' | 'number' | 'instant', part: unknown): boolean {
  if (type === 'number') return Number.isSafeInteger(part)
  if (typeof part !== 'string' || part.includes('\0') || !part.isWellFormed()) return false
  return type === 'string' || isInstant(part)
}

// Instants are PostgreSQL's text in UTC, with microseconds, which a JavaScript Date would lose.
function isInstant(text: string): boolean {
  const [, day, time] = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.\d{1,6})?\+00$/.exec(text) ?? []
  const at = new Date(`${day}T${time}Z`)
  // JavaScript's Date accepts February 30 and the year 0; PostgreSQL accepts neither.
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(`${day}T`) && !text.startsWith('0000')
}
