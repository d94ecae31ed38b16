import { join } from 'node:path'
import envPaths from 'env-paths'
import { withFileLock } from '../session/file-lock.ts'
import { readJsonFile, writePrivateJson } from '../session/private-files.ts'

/** The path on this machine of the files of a torrent that was published for a dataset. */
export interface PublishedPlace {
  readonly did: string
  /** AT-URI of the dataset. */
  readonly dataset: string
  /** The real path of the file or directory. */
  readonly path: string
}

/**
 * Remembers which torrents were made from which path. A record contains only a name, which many files share; whether
 * two torrents are versions of one thing is known only on the machine where they were made. Records do not contain
 * paths, which would show strangers how somebody's disk is organized.
 */
export interface PublishedPaths {
  /** AT-URIs of torrent records that no torrent from the same path has superseded, the latest first. */
  latest(place: PublishedPlace): Promise<readonly string[]>
  remember(place: PublishedPlace, torrent: string, superseded: string | undefined): Promise<void>
}

interface Memory {
  readonly [key: string]: readonly string[]
}

/** The store in the system's conventional place, such as `~/.config/holdfast`, or in `directory`. */
export function publishedPaths(
  directory: string = envPaths('holdfast', { suffix: '' }).config,
): PublishedPaths {
  const file = join(directory, 'published.json')
  const read = async () => (await readJsonFile<Memory>(file)) ?? {}
  return {
    async latest(place) {
      const memory = await read()
      return Object.hasOwn(memory, keyOf(place)) ? memory[keyOf(place)]! : []
    },
    remember: (place, torrent, superseded) =>
      withFileLock(file, async () => {
        const memory = await read()
        const key = keyOf(place)
        const known = Object.hasOwn(memory, key) ? memory[key]! : []
        const others = known.filter((uri) => uri !== torrent && uri !== superseded)
        await writePrivateJson(file, { ...memory, [key]: [torrent, ...others] })
      }),
  }
}

function keyOf({ did, dataset, path }: PublishedPlace): string {
  return `${did} ${dataset} ${path}`
}
