import { readFile } from 'node:fs/promises'
import { parse as parseYaml } from 'yaml'
import { Failure } from '../failure.ts'
import type { RecordJson } from '../records/repo.ts'

/** A dataset record without `$type` and `createdAt`, and the key it is to have. */
export interface DatasetMeta {
  readonly record: RecordJson
  /** Undefined: made from identifier or title. */
  readonly rkey: string | undefined
}

/** Reads META as JSON or YAML; `-` is standard input. Throws a Failure that says where it does not parse. */
export async function readDatasetMeta(path: string): Promise<DatasetMeta> {
  const text = await readText(path)
  let value: unknown
  try {
    value = path.endsWith('.json') ? JSON.parse(text) : parseYaml(text)
  } catch (cause) {
    throw new Failure('usage', `${path}: ${(cause as Error).message}`, { cause })
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new Failure('usage', `${path} holds no object; write the fields of a dataset, at least a title.`)
  const { rkey, $type: _type, ...record } = value as { rkey?: unknown; $type?: unknown } & RecordJson
  if (rkey !== undefined && typeof rkey !== 'string')
    throw new Failure('usage', `${path}: rkey is to be a string.`)
  return { record: JSON.parse(JSON.stringify(record)) as RecordJson, rkey }
}

async function readText(path: string): Promise<string> {
  if (path === '-') {
    const chunks: Buffer[] = []
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
    return Buffer.concat(chunks).toString('utf8')
  }
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    throw new Failure(
      code === 'ENOENT' ? 'notFound' : 'usage',
      code === 'ENOENT' ? `There is no file ${path}.` : message,
      { cause },
    )
  }
}
