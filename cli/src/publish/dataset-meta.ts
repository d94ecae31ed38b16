import { readFile, stat } from 'node:fs/promises'
import { parse as parseYaml } from 'yaml'
import { Failure } from '../failure.ts'
import { readCatalogue } from '../import/catalogue.ts'
import { draftOf } from '../import/import-all.ts'
import { describeLeftOver } from '../import/left-over.ts'
import { readInput } from '../import/read-input.ts'
import { warn } from '../output/terminal.ts'
import type { RecordJson } from '../records/repo.ts'
import type { DatasetDraft } from './put-dataset.ts'

/**
 * Reads META: a dataset record without `$type` and `createdAt` and with an optional `rkey`, as JSON or YAML; or anything
 * `holdfast import` reads that describes one dataset, such as a bag. `-` is standard input. Throws a Failure that says
 * where it does not parse.
 */
export async function readDatasetMeta(path: string): Promise<DatasetDraft> {
  const isDirectory = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
  if (isDirectory) return readForeign(path)
  const value = parseMeta(await readText(path), path)
  if (readCatalogue(value) && path !== '-') return readForeign(path)
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new Failure('usage', `${path} holds no object; write the fields of a dataset, at least a title.`)
  const { rkey, $type: _type, ...record } = value as { rkey?: unknown; $type?: unknown } & RecordJson
  if (rkey !== undefined && typeof rkey !== 'string')
    throw new Failure('usage', `${path}: rkey is to be a string.`)
  return { record: JSON.parse(JSON.stringify(record)) as RecordJson, rkey }
}

async function readForeign(path: string): Promise<DatasetDraft> {
  const input = await readInput(path, { fetch })
  if (input.count !== 1)
    throw new Failure(
      'usage',
      `${path} describes ${input.count} datasets; import them, then publish with --for AT-URI.`,
    )
  try {
    const imported = input.importAt(0, { createdAt: new Date().toISOString() })
    for (const line of describeLeftOver(imported.leftOver)) warn(`did not fit: ${line}`)
    return draftOf(imported)
  } catch (cause) {
    throw new Failure('usage', `${path}: ${(cause as Error).message}`, { cause })
  }
}

function parseMeta(text: string, path: string): unknown {
  try {
    return path.endsWith('.json') ? JSON.parse(text) : parseYaml(text)
  } catch (cause) {
    throw new Failure('usage', `${path}: ${(cause as Error).message}`, { cause })
  }
}

async function readText(path: string): Promise<string> {
  if (path === '-') return Buffer.concat(await Array.fromAsync(process.stdin)).toString('utf8')
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const missing = code === 'ENOENT'
    throw new Failure(missing ? 'notFound' : 'usage', missing ? `There is no file ${path}.` : message, {
      cause,
    })
  }
}
