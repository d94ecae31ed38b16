import { randomBytes } from 'node:crypto'
import { collections, methods } from '@holdfast/lexicons/nsid'
import type { Attack } from '../attack.ts'

const attacker = '203.0.113.66'

/** Names that do not exist, sent to every method that resolves names and waits for the result. */
export const namesThatNobodyHas: Attack = async (index) => {
  const name = () => `${randomBytes(6).toString('hex')}.example.com`
  const forged = () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const exp = Math.floor(Date.now() / 1_000) + 60
    return `${part({ alg: 'ES256K' })}.${part({ iss: `did:web:${name()}`, aud: 'x', exp })}.AAAA`
  }
  return () =>
    inParallel(160, 40, async (n) => {
      if (n % 2 === 0) return index.ask(`/resolve-handle?handle=${name()}`, attacker)
      return fetch(new URL(`/xrpc/${methods.getRecordStatus}?uri=at://${name()}/x/y`, index.url), {
        headers: { 'x-forwarded-for': attacker, authorization: `Bearer ${forged()}` },
      })
    })
}

/** The most expensive requests an address can make, more often than its rate limit allows. */
export const dearAnswers: Attack = async (index) => {
  const word = 'x'.repeat(60)
  const long = encodeURIComponent(Array.from({ length: 60 }, (_, n) => `"${n} ${word}"`).join(' '))
  const paths = [
    `/search?q=${long}`,
    `/xrpc/${methods.searchDatasets}?q=${long}&limit=100`,
    `/xrpc/${methods.searchTorrents}?q=${long}&limit=100`,
    `/typeahead?q=${word}`,
    '/feeds/datasets.rss?limit=1000000',
    '/oai?verb=ListRecords&metadataPrefix=oai_datacite',
    '/health/metrics/typeahead/../search?q=a',
    '//',
    '//victim.example/x',
  ]
  return () => inParallel(600, 30, (n) => index.ask(paths[n % paths.length]!, attacker))
}

/** Markdown and fields at the limits of the lexicon, read as a page and as RDF. */
export const recordsThatAreDearToShow: Attack = async (index) => {
  const stranger = await index.stranger()
  const shapes = [
    '['.repeat(49_000),
    '*a_'.repeat(16_000),
    '> '.repeat(24_000),
    '![a](<'.repeat(8_000),
    '`'.repeat(49_000),
  ]
  const keywords = Array.from({ length: 200 }, (_, n) => ({ name: `keyword ${n}` }))
  const writes = shapes.map((description, n) => ({
    action: 'create',
    collection: collections.dataset,
    rkey: `dear-${n}`,
    record: {
      $type: collections.dataset,
      title: `Dear ${n}`,
      description,
      keywords,
      createdAt: '2026-11-20T00:00:00Z',
    },
  }))
  const frame = await stranger.write(writes as never)
  return async () => {
    index.attacker.emit(frame)
    await index.admit(stranger)
    await inParallel(100, 10, (n) =>
      index.ask(`/dataset/${stranger.did}/dear-${n % shapes.length}`, attacker),
    )
  }
}

async function inParallel(
  count: number,
  atOnce: number,
  work: (n: number) => Promise<Response>,
): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count) {
      const response = await work(next++)
      if (response.status >= 500 && response.status !== 503) {
        throw new Error(`${response.url} answered ${response.status}: ${await response.text()}`)
      }
      await response.arrayBuffer()
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}
