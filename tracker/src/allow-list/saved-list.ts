import { createHash } from 'node:crypto'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import path from 'node:path'

/** What was last known of one AppView's list. */
export type SavedList = {
  /** When the list was last known to be right, in milliseconds since 1970. */
  confirmedAtMs: number
  /** Packed entries. */
  packed: Uint8Array
}

/**
 * Reads the list that was saved for `url`.
 * @returns undefined when there is none
 * @throws Error when the file is damaged
 */
export async function readSavedList(directory: string, url: string): Promise<SavedList | undefined> {
  let bytes: Buffer
  try {
    bytes = await readFile(fileFor(directory, url))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const content = bytes.subarray(DIGEST_BYTES)
  if (bytes.length < DIGEST_BYTES + HEAD_BYTES || digest(content).compare(bytes, 0, DIGEST_BYTES) !== 0) {
    throw new Error(`${fileFor(directory, url)} is damaged; it is not used and will be written anew`)
  }
  return { confirmedAtMs: content.readDoubleBE(0), packed: content.subarray(HEAD_BYTES) }
}

/** Saves the list of `url`: whole or not at all, also when the machine stops in the middle. */
export async function writeSavedList(directory: string, url: string, list: SavedList): Promise<void> {
  await mkdir(directory, { recursive: true })
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeDoubleBE(list.confirmedAtMs)
  const content = Buffer.concat([head, list.packed])
  const file = fileFor(directory, url)
  const unfinished = `${file}.${process.pid}.part`
  const handle = await open(unfinished, 'w')
  try {
    await handle.writev([digest(content), content])
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(unfinished, file)
  const folder = await open(directory, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

const DIGEST_BYTES = 32
const HEAD_BYTES = 8

function fileFor(directory: string, url: string): string {
  return path.join(directory, `allow-list-${createHash('sha256').update(url).digest('hex').slice(0, 16)}`)
}

function digest(content: Uint8Array): Buffer {
  return createHash('sha256').update(content).digest()
}
