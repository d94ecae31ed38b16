import { createHash } from 'node:crypto'
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { crc32 } from 'node:zlib'
import { packEntries } from './entries.ts'
import type { Position } from './stream.ts'

/** A part of the saved list of one AppView, in the order in which the parts were received. */
export type SavedPart =
  | { kind: 'add' | 'remove'; packed: Uint8Array }
  /** Says that the parts before it are the complete list as of this position. */
  | ({ kind: 'state' } & SavedState)

export interface SavedState {
  position: Position
  confirmedAtMs: number
  /** When the list was last read completely, in milliseconds since 1970. */
  listedAtMs: number
}

/**
 * A list on disk: the pages it was read from, followed by changes. An incompletely written part ends the list, and only the
 * parts before a `state` count. The file contains infohashes and nothing else.
 *
 *   magic 8 | kind 1, length 4, CRC-32 of the content 4, content | …
 */
export class SavedList implements AsyncDisposable {
  readonly #file: FileHandle
  readonly #path: string
  readonly #finalPath: string
  #length: number
  #changes: { kind: 'add' | 'remove'; packed: Uint8Array }[] = []

  constructor(file: FileHandle, at: { path: string; finalPath: string; length: number }) {
    this.#file = file
    this.#length = at.length
    this.#path = at.path
    this.#finalPath = at.finalPath
  }

  /** Begins a new list next to the existing one, which `finish` replaces. */
  static async begin(directory: string, url: string): Promise<SavedList> {
    await mkdir(directory, { recursive: true })
    const finalPath = pathFor(directory, url)
    const unfinished = `${finalPath}.${process.pid}.part`
    await rm(unfinished, { force: true })
    const file = await open(unfinished, 'ax')
    await file.appendFile(magic)
    return new SavedList(file, { path: unfinished, finalPath, length: magic.length })
  }

  /** Continues the existing list after its last `state`, which ends at byte `length`. */
  static async resume(directory: string, url: string, length: number): Promise<SavedList> {
    const finalPath = pathFor(directory, url)
    const file = await open(finalPath, 'r+')
    await file.truncate(length)
    await file.close()
    return new SavedList(await open(finalPath, 'a'), { path: finalPath, finalPath, length })
  }

  /** Writes a page of the list. */
  async addPage(packed: Uint8Array): Promise<void> {
    const bytes = frame(add, packed)
    await this.#file.appendFile(bytes)
    this.#length += bytes.length
  }

  /** Queues a change, which `save` writes. */
  note(kind: 'add' | 'remove', hashes: Uint8Array): void {
    this.#changes.push({ kind, packed: packEntries([hashes]) })
  }

  /** Writes the queued changes and the position, and syncs them to disk. */
  async save(state: SavedState): Promise<void> {
    const changes = this.#changes
    this.#changes = []
    const parts: Buffer[] = []
    for (let from = 0; from < changes.length; ) {
      const { kind } = changes[from]!
      let end = from
      while (end < changes.length && changes[end]!.kind === kind) end++
      const packed = Buffer.concat(changes.slice(from, end).map((change) => change.packed))
      parts.push(frame(kind === 'add' ? add : remove, packed))
      from = end
    }
    parts.push(frame(stateFile, Buffer.from(JSON.stringify(state))))
    const bytes = Buffer.concat(parts)
    try {
      await this.#file.appendFile(bytes)
      await this.#file.datasync()
      this.#length += bytes.length
    } catch (error) {
      // A part may have been half written, which would end the list for every reader.
      this.#changes.unshift(...changes)
      await this.#file.truncate(this.#length).catch(() => {})
      throw error
    }
  }

  /** Replaces the previous list with the one that was begun. */
  async finish(): Promise<void> {
    await rename(this.#path, this.#finalPath)
    const folder = await open(path.dirname(this.#finalPath), 'r')
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  }

  /** Deletes a list that was begun. */
  async abandon(): Promise<void> {
    await this.#file.close()
    await rm(this.#path, { force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close()
  }
}

/**
 * Reads the list that was saved for `url`, part by part; yields nothing if there is none. A damaged part ends it.
 * `length` is the offset at which the next part begins.
 */
export async function* readSavedList(
  directory: string,
  url: string,
): AsyncGenerator<{ part: SavedPart; length: number }, void> {
  await using opened = new AsyncDisposableStack()
  let file: FileHandle
  try {
    file = opened.use(await open(pathFor(directory, url), 'r'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  let length = magic.length
  if (!(await readAt(file, 0, length))?.equals(magic)) return
  for (;;) {
    const head = await readAt(file, length, headBytes)
    const size = head?.readUInt32BE(1) ?? Number.POSITIVE_INFINITY
    if (head === undefined || size > mostPartBytes) return
    const content = await readAt(file, length + headBytes, size)
    if (content === undefined || crc32(content) !== head.readUInt32BE(5)) return
    length += headBytes + size
    const kind = head[0]
    if (kind === stateFile) yield { part: { kind: 'state', ...JSON.parse(String(content)) }, length }
    else if (kind === add || kind === remove) {
      yield { part: { kind: kind === add ? 'add' : 'remove', packed: content }, length }
    } else return
  }
}

const magic = Buffer.from('hflist2\n')
const headBytes = 9
const [add, remove, stateFile] = [1, 2, 3] as const
/** A page of 10,000 hybrids takes 410 kB, so a larger length is damage; the limit keeps it from allocating too much memory. */
const mostPartBytes = 64 * 1024 * 1024

function frame(kind: number, content: Uint8Array): Buffer {
  const head = Buffer.alloc(headBytes)
  head[0] = kind
  head.writeUInt32BE(content.length, 1)
  head.writeUInt32BE(crc32(content), 5)
  return Buffer.concat([head, content])
}

/** Reads `length` bytes; undefined if the file ends before that. */
async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer | undefined> {
  const bytes = Buffer.alloc(length)
  let read = 0
  while (read < length) {
    const { bytesRead } = await file.read(bytes, read, length - read, position + read)
    if (bytesRead === 0) return undefined
    read += bytesRead
  }
  return bytes
}

function pathFor(directory: string, url: string): string {
  return path.join(directory, `allow-list-${createHash('sha256').update(url).digest('hex').slice(0, 16)}`)
}
