import { CommandError } from '../command-error.ts'
import { readCatalog } from '../import/catalog.ts'
import { type Ask, parseJson } from './ask.ts'
import type { Source, SourceKind } from './source.ts'
import { ckan } from './sources/ckan.ts'
import { dataJson } from './sources/data-json.ts'
import { dataCite } from './sources/datacite.ts'
import { dcat, jsonLdTypes } from './sources/dcat.ts'
import { type OaiOptions, oaiPmh, oaiRequest } from './sources/oai-pmh.ts'

/** Where the API of a source is, and of which kind. It is kept, so that a source is examined only once. */
export interface Found {
  readonly kind: SourceKind
  readonly url: string
  /** A set of OAI-PMH, or a filter query of CKAN. */
  readonly part?: string | undefined
  /** The metadata format of OAI-PMH that the address names. */
  readonly prefix?: string | undefined
}

/** Makes the source that was found. */
export function openSource({ kind, url, part, prefix }: Found, ask: Ask, options: OaiOptions = {}): Source {
  switch (kind) {
    case 'ckan':
      return ckan(url, ask, part)
    case 'oai-pmh':
      return oaiPmh(url, ask, { prefix, ...options, set: options.set ?? part })
    case 'data-json':
      return dataJson(url, ask)
    case 'datacite':
      return dataCite(url, ask)
    case 'dcat':
      return dcat(url, ask)
  }
}

/** The places where programs have their API, in the order in which they are asked for. */
const places: readonly { readonly kind: SourceKind; readonly path: string }[] = [
  { kind: 'ckan', path: '' },
  { kind: 'oai-pmh', path: '/oai' },
  { kind: 'oai-pmh', path: '/oai2d' },
  { kind: 'oai-pmh', path: '/server/oai/request' },
  { kind: 'oai-pmh', path: '/oai/request' },
  { kind: 'data-json', path: '/data.json' },
  { kind: 'data-json', path: '/api/feed/dcat-us/1.1.json' },
]

/**
 * Finds out what an address is: by its form if that says it, else by what is there, else by asking for the places where
 * known programs have their API. Throws a CommandError that says what was tried.
 */
export async function findSource(url: string, ask: Ask, kind?: SourceKind): Promise<Found> {
  const named = byForm(new URL(url))
  if (named && (kind === undefined || named.kind === kind)) return named
  const base = url.replace(/[?#].*$/, '').replace(/\/+$/, '')
  const part = partOfCkan(new URL(url))
  if (kind === 'ckan' && part) return part
  if (kind !== undefined)
    return { kind, url: kind === 'data-json' || kind === 'dcat' || kind === 'datacite' ? url : base }
  const there = await examine(url, ask)
  if (there) return there
  if (part && (await answers(part, ask))) return part
  const bases = [...new Set([base, new URL(url).origin])]
  for (const at of bases)
    for (const place of places) {
      const found = { kind: place.kind, url: `${at}${place.path}` }
      if (await answers(found, ask)) return found
    }
  const kinds = [...new Set(places.map((place) => place.kind))].join(', ')
  throw new CommandError(
    'notFound',
    `${url} is no source that can be recognized (tried: ${kinds}). Give the address of its API, and say the kind with --as.`,
  )
}

/** What the form of an address says. */
function byForm(url: URL): Found | undefined {
  const { origin, pathname, searchParams, hostname } = url
  const path = pathname.replace(/\/+$/, '')
  const action = /^(.*)\/api\/(?:3\/)?action\/\w+$/.exec(path)
  if (action) return { kind: 'ckan', url: `${origin}${action[1]}`, part: searchParams.get('fq') ?? undefined }
  if (searchParams.has('verb') || /\/(?:oai|oai2d|oai-pmh|oai\/request)$/i.test(path)) {
    const [part, prefix] = ['set', 'metadataPrefix'].map((name) => searchParams.get(name) ?? undefined)
    return { kind: 'oai-pmh', url: `${origin}${path}`, part, prefix }
  }
  const community = /^\/communities\/([\w-]+)(?:\/records)?$/.exec(path)?.[1]
  if (/(?:^|\.)zenodo\.org$/i.test(hostname))
    return { kind: 'oai-pmh', url: `${origin}/oai2d`, part: community && `user-${community}` }
  if (/(?:^|\.)datacite\.org$/i.test(hostname) && path === '/dois') return { kind: 'datacite', url: url.href }
  if (/\/data\.json$|\/dcat-us\/[\d.]+\.json$/i.test(path)) return { kind: 'data-json', url: url.href }
  return undefined
}

/** A page of CKAN that is about the datasets of one organization or group. */
function partOfCkan({ origin, pathname }: URL): Found | undefined {
  const [, base, kind, name] = /^(.*)\/(organization|group)\/(?:about\/)?([\w-]+)\/?$/.exec(pathname) ?? []
  if (name === undefined) return undefined
  return { kind: 'ckan', url: `${origin}${base}`, part: `${kind === 'group' ? 'groups' : kind}:${name}` }
}

/** What is at an address itself; undefined for a web page and anything else that cannot be read. */
async function examine(url: string, ask: Ask): Promise<Found | undefined> {
  const page = await ask.text(url, { accept: jsonLdTypes }).catch(ignoreRefusal)
  if (!page) return undefined
  if (/<OAI-PMH[\s>]/.test(page.text.slice(0, 2_000)))
    return { kind: 'oai-pmh', url: url.replace(/[?#].*$/, '') }
  if (/^\s*</.test(page.text)) return undefined
  const kind = readCatalog(parseJson(page))?.kind
  if (kind === 'dcat-us') return { kind: 'data-json', url }
  return kind === 'json-ld' || kind === 'croissant' ? { kind: 'dcat', url } : undefined
}

/** Whether a place has the API that is looked for there. */
async function answers({ kind, url }: Found, ask: Ask): Promise<boolean> {
  if (kind === 'ckan') {
    const found = await ask.json(`${url}/api/3/action/package_search?rows=1`).catch(ignoreRefusal)
    return (found as { success?: unknown } | undefined)?.success === true
  }
  if (kind === 'oai-pmh')
    return (await oaiRequest(url, ask, { verb: 'Identify' }).catch(ignoreRefusal)) !== undefined
  const answer = await ask.send(url, { accept: 'application/json' })
  await answer.body?.cancel()
  return answer.ok && /json/i.test(answer.headers.get('content-type') ?? '')
}

/** That an address has nothing of the kind is no error while it is looked for; that nobody answers is. */
function ignoreRefusal(error: unknown): undefined {
  if (error instanceof CommandError && (error.kind === 'usage' || error.kind === 'notFound')) return undefined
  if (error instanceof CommandError && !error.cause) return undefined
  if (error instanceof CommandError && /is a web page|is not (?:JSON|an answer)/.test(error.message))
    return undefined
  throw error
}
