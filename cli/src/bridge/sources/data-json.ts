import { createHash } from 'node:crypto'
import { CommandError } from '../../command-error.ts'
import type { Ask } from '../ask.ts'
import { jsonItems } from '../json-items.ts'
import type { Answer, Change, Reading, Source } from '../source.ts'

/** A single dataset whose description is longer than this is not read. */
const maxCharacters = 4_000_000

/**
 * Follows a `data.json` (DCAT-US), as agencies, Socrata and ArcGIS Hub have it: one document of everything, which is
 * asked for only if it changed (`ETag`, `Last-Modified`) and is read entry by entry.
 */
export function dataJson(url: string, ask: Ask): Source {
  async function* read({ since }: Reading): AsyncGenerator<Answer> {
    const answer = await ask.send(url, { accept: 'application/json', ...conditionOf(since) })
    if (answer.status === 304) {
      await answer.body?.cancel()
      yield { changes: [], next: undefined, isUnchanged: true }
      return
    }
    if (!answer.ok || !answer.body) {
      await answer.body?.cancel()
      throw new CommandError(
        answer.status === 404 ? 'notFound' : 'network',
        `${url} answers ${answer.status}.`,
      )
    }
    yield { changes: changesIn(answer.body, url), next: undefined, since: validatorsOf(answer.headers) }
  }
  return { kind: 'data-json', url, hasDates: false, read }
}

/** The headers that ask for a document only if it changed since an answer with these validators. */
function conditionOf(since: string | undefined): Record<string, string> {
  const { etag, lastModified } = JSON.parse(since ?? '{}') as { etag?: string; lastModified?: string }
  if (etag) return { 'if-none-match': etag }
  return lastModified ? { 'if-modified-since': lastModified } : {}
}

function validatorsOf(headers: Headers): string | undefined {
  const [etag, lastModified] = [headers.get('etag'), headers.get('last-modified')]
  return etag || lastModified ? JSON.stringify({ etag, lastModified }) : undefined
}

async function* changesIn(body: ReadableStream<Uint8Array>, url: string): AsyncGenerator<Change> {
  const text = body.pipeThrough(
    new TextDecoderStream('utf-8', { fatal: true }) as never,
  ) as unknown as AsyncIterable<string>
  let index = 0
  for await (const item of jsonItems(text, { name: 'dataset', place: url, maxCharacters })) {
    const at = index++
    if (item === undefined)
      yield {
        sourceId: `entry ${at + 1}`,
        action: 'unreadable',
        problem: `it has more than ${maxCharacters} characters`,
      }
    else yield described(item, { url, index: at })
  }
}

function described(text: string, { url, index }: { url: string; index: number }): Change {
  let entry: Record<string, unknown>
  try {
    entry = JSON.parse(text)
  } catch (error) {
    return { sourceId: `entry ${index + 1}`, action: 'unreadable', problem: (error as Error).message }
  }
  const { identifier, landingPage, modified } = entry
  const address = typeof landingPage === 'string' && URL.canParse(landingPage) ? landingPage : url
  const changed = typeof modified === 'string' ? modified : undefined
  return {
    sourceId: idOf(identifier ?? landingPage, text),
    modified: changed,
    action: 'described',
    kind: 'dcat-us',
    entry,
    address,
  }
}

/** Entries without an identifier are told apart by what they say. */
function idOf(identifier: unknown, text: string): string {
  if (typeof identifier === 'string' && identifier.trim() !== '') return identifier.trim()
  return `sha256 ${createHash('sha256').update(text).digest('hex')}`
}
