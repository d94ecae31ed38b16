import { readFile, stat } from 'node:fs/promises'
import { counted } from '@holdfast/runtime/counted'
import { Document, isMap, LineCounter, parseDocument } from 'yaml'
import { CommandError } from '../command-error.ts'
import { readCatalog } from '../import/catalog.ts'
import { decodeText } from '../import/decode-text.ts'
import { draftOf } from '../import/import-all.ts'
import { describeLeftOver } from '../import/left-over.ts'
import { readInput } from '../import/read-input.ts'
import { plain, remark, warn } from '../output/terminal.ts'
import { type Fault, readMeta } from './meta/read-meta.ts'
import type { DatasetDraft } from './put-dataset.ts'

/**
 * Reads META: a dataset record without `$type` and `createdAt` and with an optional `rkey`, as JSON or YAML, in which
 * short forms such as `license: CC0-1.0` are accepted and reported; or anything that `holdfast import` reads and that
 * describes one dataset, such as a bag. `-` is standard input. Throws a CommandError that names every fault with its
 * line. `isComplete` says whether a title is required.
 */
export async function readDatasetMeta(path: string, { isComplete = true } = {}): Promise<DatasetDraft> {
  const isDirectory = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
  if (isDirectory) return readForeign(path)
  const lines = new LineCounter()
  const document = parseMeta(decodeText(await readBytes(path), { place: path }), path, lines)
  if (readCatalog(document.toJS()) && path !== '-') return readForeign(path)
  if (!isMap(document.contents))
    throw new CommandError(
      'usage',
      `${path} does not contain an object; write the fields of a dataset, at least a title.`,
    )
  const rkey: unknown = document.get('rkey')
  if (rkey !== undefined && typeof rkey !== 'string')
    throw new CommandError('usage', `${path}: rkey must be a string.`)
  for (const name of ['rkey', '$type']) document.delete(name)
  const { record, faults, notes } = readMeta(document, { lines, isComplete })
  if (faults.length > 0) throw faultsFailure(path, faults)
  for (const { line, field, long } of notes) remark(`${placeOf(path, line)}${field} is read as ${long}`)
  return { record, rkey }
}

function faultsFailure(path: string, faults: readonly Fault[]): CommandError {
  const lines = faults.map(
    ({ line, field, problem, example }) =>
      `${line === undefined ? '' : `line ${line}: `}${field} ${problem}. Write it like: ${example}`,
  )
  const message = `${plain(path)} has ${counted(faults.length, 'fault')}:\n${lines.join('\n')}`
  return new CommandError('usage', message, { details: { faults } })
}

function placeOf(path: string, line: number | undefined): string {
  return line === undefined ? `${path}: ` : `${path}:${line}: `
}

async function readForeign(path: string): Promise<DatasetDraft> {
  const input = await readInput(path, { fetch })
  if (input.count !== 1)
    throw new CommandError(
      'usage',
      `${path} describes ${counted(input.count, 'dataset')}; import them with holdfast import, then publish with --for AT-URI.`,
    )
  try {
    const imported = input.importAt(0, { createdAt: new Date().toISOString() })
    for (const line of describeLeftOver(imported.leftOver)) warn(`not taken over: ${line}`)
    return draftOf(imported)
  } catch (cause) {
    throw new CommandError('usage', `${path}: ${(cause as Error).message}`, { cause })
  }
}

function parseMeta(text: string, path: string, lines: LineCounter): Document {
  const isJson = path.endsWith('.json')
  try {
    const value: unknown = isJson ? JSON.parse(text) : undefined
    const document = parseDocument(text, { lineCounter: lines })
    const [error] = document.errors
    if (!error) return document
    // Some JSON is not valid YAML; then line numbers are unknown.
    if (isJson) return new Document(value)
    throw error
  } catch (cause) {
    throw new CommandError('usage', `${path}: ${(cause as Error).message}`, { cause })
  }
}

async function readBytes(path: string): Promise<Uint8Array> {
  if (path === '-') return Buffer.concat(await Array.fromAsync(process.stdin))
  try {
    return await readFile(path)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const missing = code === 'ENOENT'
    throw new CommandError(missing ? 'notFound' : 'usage', missing ? `There is no file ${path}.` : message, {
      cause,
    })
  }
}
