import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { parse as parseYaml } from 'yaml'
import { Failure } from '../failure.ts'
import { type CatalogueKind, catalogueKinds, importEntry, readCatalogue } from './catalogue.ts'
import { fit } from './fit.ts'
import type { Imported } from './formats/aws-open-data-registry.ts'
import { importBag, readBag } from './formats/bagit.ts'

/** Datasets to be made, one at a time, so that a large catalogue's mistakes stay its own. */
export interface Input {
  readonly kind: CatalogueKind | 'bagit'
  readonly count: number
  /** Throws an Error that says what the entry lacks. */
  importAt(index: number, options: { createdAt: string }): Imported
  /** What to call an entry that could not be read. */
  nameAt(index: number): string
}

export interface InputOptions {
  readonly kind?: CatalogueKind | 'bagit' | undefined
  /** For `https://` inputs. */
  readonly fetch: typeof fetch
}

export const inputKinds = [...catalogueKinds, 'bagit'] as const

/**
 * Reads a catalogue: a file of JSON, JSON lines or YAML, an address, `-`, a bag, or a directory of such files (a clone of
 * the AWS registry, for one). Throws a Failure that says what was expected.
 */
export async function readInput(place: string, options: InputOptions): Promise<Input> {
  const isDirectory = await stat(place).then(
    (found) => found.isDirectory(),
    () => false,
  )
  if (isDirectory) {
    const names = await readdir(place)
    return names.includes('bagit.txt') ? readBagInput(place) : readDirectory(place, names, options.kind)
  }
  return inputOf(parseDocument(await readText(place, options.fetch), place), place, options.kind)
}

async function readBagInput(directory: string): Promise<Input> {
  const bag = await readBag(directory)
  return {
    kind: 'bagit',
    count: 1,
    importAt: (_index, options) => fit(importBag(bag, options)),
    nameAt: () => directory,
  }
}

async function readDirectory(
  place: string,
  names: readonly string[],
  kind: InputOptions['kind'],
): Promise<Input> {
  const files = names.filter((name) => /\.(json|jsonld|ya?ml)$/i.test(name)).sort()
  if (files.length === 0)
    throw new Failure('usage', `${place} holds neither a bag (bagit.txt) nor JSON or YAML files.`)
  const documents = await Promise.all(
    files.map(async (name) => parseDocument(await readFile(join(place, name), 'utf8'), join(place, name))),
  )
  return inputOf(documents, place, kind)
}

function inputOf(document: unknown, place: string, kind: InputOptions['kind']): Input {
  const catalogue = readCatalogue(document, kind === 'bagit' ? undefined : kind)
  if (!catalogue || catalogue.entries.length === 0)
    throw new Failure(
      'usage',
      `${place} is none of the kinds that can be imported, or holds no dataset; name the kind with --from (${inputKinds.join(', ')}).`,
    )
  const { kind: found, entries } = catalogue
  return {
    kind: found,
    count: entries.length,
    importAt: (index, options) => fit(importEntry(found, entries[index], options)),
    nameAt: (index) => nameOf(entries[index]) ?? `entry ${index + 1}`,
  }
}

function nameOf(entry: unknown): string | undefined {
  const { slug, identifier, name, title, Name } = (entry ?? {}) as Record<string, unknown>
  return [slug, identifier, name, title, Name].find((text) => typeof text === 'string') as string | undefined
}

/** A registry's YAML file is called by its slug, which does not stand in it. */
function parseDocument(text: string, place: string): unknown {
  try {
    if (/\.ya?ml$/i.test(place)) return withSlug(parseYaml(text), basename(place, extname(place)))
    if (/\.(jsonl|ndjson)$/i.test(place)) return parseLines(text)
    return JSON.parse(text)
  } catch (cause) {
    const lines = text.trimStart().startsWith('{') ? tryLines(text) : undefined
    if (lines) return lines
    throw new Failure('usage', `${place}: ${(cause as Error).message}`, { cause })
  }
}

function withSlug(document: unknown, slug: string): unknown {
  const isEntry =
    typeof document === 'object' && document !== null && 'Name' in document && !('slug' in document)
  return isEntry ? { ...document, slug } : document
}

function parseLines(text: string): unknown[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line))
}

function tryLines(text: string): unknown[] | undefined {
  try {
    return parseLines(text)
  } catch {
    return undefined
  }
}

async function readText(place: string, fetch: typeof globalThis.fetch): Promise<string> {
  if (place === '-') return (await Array.fromAsync(process.stdin)).join('')
  if (/^https?:\/\//i.test(place)) {
    const answer = await fetch(place, {
      headers: { accept: 'application/ld+json, application/json;q=0.9, */*;q=0.1' },
    }).catch((cause) => {
      throw new Failure('network', `${place}: ${(cause as Error).message}`, { cause })
    })
    if (!answer.ok)
      throw new Failure(answer.status === 404 ? 'notFound' : 'network', `${place} answers ${answer.status}.`)
    return answer.text()
  }
  return readFile(place, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw cause.code === 'ENOENT' ? new Failure('notFound', `There is no file ${place}.`) : cause
  })
}
