import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CommandError } from '../command-error.ts'
import { inTheWay, lookAt, moveToFree } from './inside.ts'

/** The result of saving: `unchanged` if the same bytes were there, `kept` if other bytes were there and nothing was written. */
export type Saved = 'written' | 'unchanged' | 'kept'

/**
 * Writes a file completely or not at all. An existing file is kept unless `overwrites`; a link or device is never
 * written to and causes a CommandError.
 */
export async function saveFile(
  place: string,
  content: Iterable<Uint8Array>,
  options: { readonly overwrites: boolean },
): Promise<Saved> {
  const found = await lookAt(place)
  if (found && !found.isFile()) throw inTheWay(place, found)
  await mkdir(dirname(place), { recursive: true })
  const temporary = join(dirname(place), `.${randomBytes(8).toString('hex')}.part`)
  try {
    await using file = await open(temporary, 'wx')
    for (const chunk of content) await file.writeFile(chunk)
    await file.sync()
    if (await isSame(temporary, place)) return 'unchanged'
    if (!options.overwrites) return (await moveToFree(temporary, place)) ? 'written' : 'kept'
    await rename(temporary, place)
    return 'written'
  } finally {
    await rm(temporary, { force: true })
  }
}

/** Saves a text at a path that the user named. Throws a CommandError if it cannot be written there. */
export async function saveText(place: string, text: string, overwrites: boolean): Promise<Saved> {
  const saved = await saveFile(place, [Buffer.from(text)], { overwrites })
  if (saved === 'kept')
    throw new CommandError(
      'failure',
      `${place} already exists and was not changed; use --overwrite to replace it.`,
    )
  return saved
}

export async function isSameText(place: string, text: string): Promise<boolean> {
  return (await readFile(place, 'utf8')) === text
}

/** A file name of at most 255 bytes that resembles `name`, whatever characters that contains, and ends with `ending`. */
export function fileName(name: string, ending: string): string {
  // Characters that no system accepts in a name, and those that would be invisible in one.
  const clean = name.replace(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\p{Cs}/\\]/gu, '_')
  let stem = clean === '.' || clean === '..' || clean === '' ? '_' : clean
  while (Buffer.byteLength(stem) + Buffer.byteLength(ending) > 255) stem = [...stem].slice(0, -1).join('')
  return `${stem}${ending}`
}

async function isSame(a: string, b: string): Promise<boolean> {
  const [inA, inB] = await Promise.all([lookAt(a), lookAt(b)])
  if (!inA || !inB?.isFile() || inA.size !== inB.size) return false
  const [bytesOfA, bytesOfB] = await Promise.all([readFile(a), readFile(b)])
  return bytesOfA.equals(bytesOfB)
}
