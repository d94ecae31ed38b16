import { readFile } from 'node:fs/promises'
import { basename, extname } from 'node:path'
import { parse as parseYaml } from 'yaml'
import { CommandError } from '../command-error.ts'
import { isAddress } from '../is-address.ts'
import { warn } from '../output/terminal.ts'
import { charsetOf, decodeText } from './decode-text.ts'
import { nextPage } from './pages.ts'
import { readXml, type XmlElement } from './xml.ts'

export interface ReadOptions {
  /** The encoding, if neither a byte order mark nor the sender states it. */
  readonly charset?: string | undefined
  /** Fetches `https://` addresses. */
  readonly fetch: typeof fetch
}

/** A list with more pages than this is treated as endless. */
const maxPages = 20_000

/** The documents at a place: a file, standard input (`-`), or an address with all pages that follow it. */
export async function readDocuments(place: string, options: ReadOptions): Promise<unknown[]> {
  if (isAddress(place)) return readPages(place, options)
  // The bytes are joined first, because a character may be split between two chunks of a pipe.
  const bytes = place === '-' ? Buffer.concat(await Array.fromAsync(process.stdin)) : await bytesOf(place)
  const documents = parseDocuments(decodeText(bytes, { place, charset: options.charset }), place)
  const next = documents.map((document) => nextPage({ document })).find(Boolean)
  if (next !== undefined)
    warn(`${place} is one page of several; import the catalog's address to get all of them (next: ${next}).`)
  return documents
}

/** The documents in a text: a single one, or one per line. */
export function parseDocuments(text: string, place: string): unknown[] {
  try {
    if (/\.ya?ml$/i.test(place)) return [withSlug(parseYaml(text), basename(place, extname(place)))]
    if (/\.(jsonl|ndjson)$/i.test(place)) return parseLines(text)
    if (/^\s*<\?xml\b/.test(text)) return [parseXml(text, place)]
    return [JSON.parse(text)]
  } catch (cause) {
    const lines = text.trimStart().startsWith('{') ? tryLines(text) : undefined
    if (lines) return lines
    throw new CommandError('usage', `${place}: ${(cause as Error).message}`, { cause })
  }
}

async function readPages(first: string, { charset, fetch }: ReadOptions): Promise<unknown[]> {
  const documents: unknown[] = []
  const seen = new Set<string>()
  for (let address: string | undefined = first; address !== undefined; ) {
    if (seen.has(address) || seen.size === maxPages)
      throw new CommandError('network', `The pages of ${first} never end: ${address} appears twice.`)
    seen.add(address)
    const answer = await ask(address, fetch)
    const bytes = new Uint8Array(await answer.arrayBuffer())
    const type = answer.headers.get('content-type')
    const text = decodeText(bytes, { place: address, charset: charsetOf(type) ?? charset })
    if (/^\s*<(?!\?xml)/.test(text)) throw new CommandError('usage', pageInsteadOfData(address))
    const found = parseDocuments(text, address.replace(/[?#].*$/, ''))
    documents.push(...found)
    const [document] = found
    address =
      found.length === 1 ? nextPage({ document, address, link: answer.headers.get('link') }) : undefined
  }
  return documents
}

function pageInsteadOfData(address: string): string {
  const { origin } = new URL(address)
  return `${address} is a web page, not data. Give the catalog's own address: of a CKAN site ${origin}/api/3/action/package_search?rows=100, of others often ${origin}/data.json.`
}

async function ask(address: string, fetch: ReadOptions['fetch']): Promise<Response> {
  const answer = await fetch(address, {
    headers: { accept: 'application/ld+json, application/json;q=0.9, */*;q=0.1' },
  }).catch((cause) => {
    throw new CommandError('network', `${address}: ${(cause as Error).message}`, { cause })
  })
  if (!answer.ok)
    throw new CommandError(
      answer.status === 404 ? 'notFound' : 'network',
      `${address} answers ${answer.status}.`,
    )
  return answer
}

/** Adds the slug to an entry of the registry, whose YAML file is named by it but does not contain it. */
function withSlug(document: unknown, slug: string): unknown {
  const isEntry =
    typeof document === 'object' && document !== null && 'Name' in document && !('slug' in document)
  return isEntry ? { ...document, slug } : document
}

/** An XML document as an object by the names of its elements, of which repeated ones are a list. */
function parseXml(text: string, place: string): unknown {
  try {
    const root = readXml(text)
    return { [root.name]: plain(root) }
  } catch (cause) {
    throw new CommandError('usage', `${place}: ${(cause as Error).message}`, { cause })
  }
}

function plain({ children, text }: XmlElement): unknown {
  if (children.length === 0) return text
  const groups = Map.groupBy(children, ({ name }) => name)
  return Object.fromEntries(
    [...groups].map(([name, [first, ...more]]) => [
      name,
      more.length > 0 ? [first!, ...more].map(plain) : plain(first!),
    ]),
  )
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

async function bytesOf(place: string): Promise<Uint8Array> {
  return readFile(place).catch((cause: NodeJS.ErrnoException) => {
    throw cause.code === 'ENOENT' ? new CommandError('notFound', `There is no file ${place}.`) : cause
  })
}
