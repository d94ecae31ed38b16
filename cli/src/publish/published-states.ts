import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import envPaths from 'env-paths'
import type { RecordJson } from '../records/repo.ts'
import { readJsonFile, writePrivateJson } from '../session/private-files.ts'

/**
 * What makes a statement about a record; each keeps its own memory. `edit` is the record before its owner's first edit
 * here, `announce` what the last post about it told.
 */
export type StateSource = 'publish' | 'import' | 'adopt' | 'edit' | 'announce'

/**
 * Remembers what each source last said of each record, which tells an owner's edit from an older statement
 * (`mergeRecord`). Each record has its own file, so that a catalog of a hundred thousand datasets writes no file twice.
 */
export interface PublishedStates {
  get(uri: string, source: StateSource): Promise<RecordJson | undefined>
  remember(uri: string, source: StateSource, said: RecordJson): Promise<void>
}

/** The store in the system's conventional place, such as `~/.config/holdfast`, or in `directory`. */
export function publishedStates(
  directory: string = envPaths('holdfast', { suffix: '' }).config,
): PublishedStates {
  const fileOf = (uri: string, source: StateSource) => {
    const name = createHash('sha256').update(uri).digest('hex')
    return join(directory, 'said', source, name.slice(0, 2), `${name.slice(2)}.json`)
  }
  const get: PublishedStates['get'] = async (uri, source) => {
    const kept = await readJsonFile<{ uri: string; said: RecordJson }>(fileOf(uri, source))
    return kept?.uri === uri ? kept.said : undefined
  }
  return {
    get,
    async remember(uri, source, said) {
      const plain = JSON.parse(JSON.stringify(said)) as RecordJson
      if (!isDeepStrictEqual(await get(uri, source), plain))
        await writePrivateJson(fileOf(uri, source), { uri, said: plain })
    },
  }
}

/** The earlier statement that a record is compared with to find what its owner changed. */
export interface Remembered {
  readonly said: RecordJson
  /** Whether this is the record before the owner's first edit, and not a statement of this source. */
  readonly isOlder: boolean
}

/**
 * The last statement of a source about a record; if there is none, the record before its owner's first edit; else
 * undefined.
 */
export async function remembered(
  states: PublishedStates,
  uri: string,
  source: StateSource,
): Promise<Remembered | undefined> {
  const said = await states.get(uri, source)
  if (said) return { said, isOlder: false }
  const older = await states.get(uri, 'edit')
  return older && { said: older, isOlder: true }
}
