import { mkdir, truncate } from 'node:fs/promises'
import type { HashJob } from '@holdfast/torrent/create-streamed'
import { CommandError } from '../command-error.ts'
import { inTheWay, lookAt, moveToFree, openOwn, parentsUnder, placeInside } from '../files/inside.ts'

/** The files of a torrent on disk: each is written into a `.part`, and moved to its place when all are complete. */
export interface Kept {
  /** Where a file's bytes are written; undefined if the file is in its place already. */
  partOf(identity: string): string | undefined
  /** Whether the bytes of a piece that was hashed earlier are on disk. */
  has(piece: HashJob): boolean
  /** The files that were in their places before, which only the state of an earlier run can explain. */
  readonly there: ReadonlyMap<string, string>
  /** Moves the files to their places. Throws a CommandError rather than replace another file. */
  place(): Promise<void>
}

export interface KeptFile {
  readonly identity: string
  readonly sizeBytes: number
  /** The path under the directory, which begins with the torrent's name. */
  readonly path: readonly string[]
}

/** Opens what an earlier run left below `directory`, or begins there. */
export async function openKept(directory: string, files: readonly KeptFile[]): Promise<Kept> {
  await mkdir(directory, { recursive: true })
  const parents = parentsUnder(directory)
  const parts = new Map<string, string>()
  const there = new Map<string, string>()
  const written = new Map<string, number>()
  const places = new Map<string, readonly [string, number]>()
  for (const { identity, path, sizeBytes } of files) {
    await parents.make(path)
    const place = placeInside(directory, path)
    places.set(identity, [place, sizeBytes])
    const found = await lookAt(place)
    if (found && !(found.isFile() && found.size === sizeBytes)) throw inTheWay(place, found)
    if (found) {
      there.set(identity, place)
      written.set(identity, sizeBytes)
      continue
    }
    const part = `${place}.part`
    await using handle = await openOwn(part)
    const { size } = await handle.stat()
    if (size > sizeBytes) await handle.truncate(sizeBytes)
    written.set(identity, Math.min(size, sizeBytes))
    parts.set(identity, part)
  }
  return {
    partOf: (identity) => parts.get(identity),
    has: ({ parts: pieces }) =>
      pieces.every(({ path, from, length }) => (written.get(path) ?? 0) >= from + length),
    there,
    async place() {
      for (const [identity, part] of parts) {
        const [place, sizeBytes] = places.get(identity)!
        // The last blocks of a sparse file may not have been written if it ends in them.
        if ((await lookAt(part))?.size !== sizeBytes) await truncate(part, sizeBytes)
        if (!(await moveToFree(part, place)))
          throw new CommandError(
            'failure',
            `${place} appeared meanwhile and was not replaced; the new file is ${part}.`,
          )
      }
    },
  }
}
