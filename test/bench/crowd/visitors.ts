import { methods } from '@holdfast/lexicons/nsid'
import { CorpusMaker } from '../search/corpus.ts'
import { authorOf, authors } from '../search/load-postgres.ts'
import { makeQueries } from '../search/queries.ts'
import { Random } from '../search/random.ts'

/** One kind of visitor: what it requests, and how long it pauses between requests. */
export interface Kind {
  /** How many of them there are. */
  clients: number
  pauseMs: number
  /** The path of the next request; `last` is the text of the answer before. */
  path: (last: string | undefined) => string
}

/** A person reads what was found; a machine takes the next page half a second later. */
const [person, machine] = [
  { clients: 2, pauseMs: 100 },
  { clients: 1, pauseMs: 500 },
]

/** All kinds of visitors that come at the same time. They ask the same for the same seed. */
export function kindsOf(datasets: number, seed = 20_261_130): Record<string, Kind> {
  const random = new Random(seed)
  const queries = makeQueries(400, seed)
  const phrases = titlesOf(1_000)
  const words = () => random.pick(queries).words
  const xrpc = (method: keyof typeof methods, q: string) =>
    `/xrpc/${methods[method]}?q=${encodeURIComponent(q)}`
  return {
    search: { ...person, path: () => xrpc('searchDatasets', words().join(' ')) },
    typeahead: {
      ...person,
      path() {
        const word = random.pick(words())
        return xrpc('searchDatasetsTypeahead', word.slice(0, 2 + random.below(word.length)))
      },
    },
    phrase: { ...person, path: () => xrpc('searchDatasets', `"${random.pick(phrases)}"`) },
    quoted: {
      ...person,
      path: () => xrpc('searchDatasets', `"10.5067/${random.pick(words())}.${random.below(datasets)}"`),
    },
    torrents: { ...person, path: () => xrpc('searchTorrents', words().join(' ')) },
    account: { ...person, path: () => `/account/${authorOf(random.below(authors))}` },
    status: { ...machine, path: () => '/status' },
    oai: {
      ...machine,
      path(last) {
        const token = /<resumptionToken[^>]*>([^<]+)</.exec(last ?? '')?.[1]
        return `/oai?verb=ListRecords&${token ? `resumptionToken=${encodeURIComponent(token)}` : 'metadataPrefix=oai_dc'}`
      },
    },
    sitemap: {
      ...machine,
      path(last) {
        // After the index, one of the parts that it names.
        const parts = [...(last ?? '').matchAll(/<sitemap><loc>([^<]+)</g)].map(
          ([, url]) => new URL(url!).pathname,
        )
        return parts.length > 0 ? random.pick(parts) : '/sitemap.xml'
      },
    },
  }
}

/** Two or three words that stand together in titles. */
function titlesOf(count: number): string[] {
  const maker = new CorpusMaker(1)
  return Array.from({ length: count }, (_, i) =>
    maker
      .dataset()
      .title.replaceAll('"', '')
      .split(' ')
      .slice(0, 2 + (i % 2))
      .join(' '),
  )
}

export interface Visits {
  /** The time of each answer in milliseconds. */
  times: number[]
  /** How many answers were errors with a name; `example` is one of them. */
  refused: number
  example?: string
}

/** Lets visitors of one kind come until the signal. Throws when an answer is an error without a name. */
export async function visit(base: string, kind: Kind, until: AbortSignal): Promise<Visits> {
  const visits: Visits = { times: [], refused: 0 }
  const one = async () => {
    let last: string | undefined
    while (!until.aborted) {
      const path = kind.path(last)
      const started = performance.now()
      const response = await fetch(new URL(path, base))
      last = await response.text()
      visits.times.push(performance.now() - started)
      if (!response.ok) {
        if (response.status === 500 || !last.includes('"error"'))
          throw new Error(`${path} answered ${response.status}: ${last.slice(0, 300)}`)
        visits.refused++
        visits.example = `${path}: ${last.slice(0, 300)}`
      }
      await new Promise((resolve) => setTimeout(resolve, kind.pauseMs))
    }
  }
  await Promise.all(Array.from({ length: kind.clients }, one))
  return visits
}
