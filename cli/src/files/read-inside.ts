import { constants } from 'node:fs'
import { open, realpath } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { CommandError } from '../command-error.ts'

/**
 * The bytes of a file in a directory that may come from a stranger; undefined if there is none. Throws a CommandError
 * if a link would lead out of the directory, because what is read here gets published.
 */
export async function readBytesInside(directory: string, name: string): Promise<Uint8Array | undefined> {
  const place = join(directory, name)
  let real: string
  try {
    real = await realpath(place)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const path = relative(await realpath(directory), real)
  if (path === '..' || path.startsWith(`..${sep}`) || path.startsWith(sep))
    throw new CommandError('usage', `${place} is a link that leads out of ${directory}; it was not read.`)
  // Without O_NONBLOCK, opening a pipe could wait forever.
  await using file = await open(real, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  if (!(await file.stat()).isFile())
    throw new CommandError('usage', `${place} is not a file; it was not read.`)
  return file.readFile()
}
