import type { defs } from '@holdfast/lexicons'
import { Fields, type LeftOver } from '../fields.ts'
import { findLinks } from '../prose.ts'

/** Reads the `Resources` of a registry entry as sources: buckets, topics, distributions, and pages to browse them. */
export function readSources(resources: readonly unknown[]): { sources: defs.Source[]; leftOver: LeftOver[] } {
  const read = resources.map((resource, index) => readSource(new Fields(resource, `Resources/${index}`)))
  const pages = read.flatMap(({ pages }) => pages)
  const sources = [...read.flatMap(({ source }) => source), ...pages]
  const each = new Map(sources.map((source) => [JSON.stringify(source), source]))
  return {
    sources: [...each.values()],
    leftOver: read.flatMap(({ leftOver }) => leftOver),
  }
}

interface ReadSource {
  readonly source: defs.Source[]
  readonly pages: defs.Source[]
  readonly leftOver: LeftOver[]
}

function readSource(fields: Fields): ReadSource {
  const pages = fields
    .texts('Explore')
    .flatMap(findLinks)
    .map(({ url, title }): defs.Source => ({ url: url as Url, ...(title ? { title } : {}), kind: 'web' }))
  const place = placeOf(fields) ?? (pages[0] && { url: pages[0].url, kind: 'http' })
  if (!place) return { source: [], pages, leftOver: fields.leftOver() }
  const type = fields.text('Type')
  const description = fields.text('Description')
  const region = fields.text('Region')
  const source = {
    ...place,
    ...(type === undefined ? {} : { title: type }),
    ...(description === undefined ? {} : { description }),
    ...accessOf(fields),
    ...(region === undefined ? {} : { region }),
  }
  return { source: [source], pages, leftOver: fields.leftOver() }
}

type Url = defs.Source['url']

function placeOf(fields: Fields): Pick<defs.Source, 'url' | 'kind'> | undefined {
  const arn = fields.text('ARN')
  if (arn !== undefined) {
    // Some entries write `arn:aws:s3::://bucket`. An access point has no s3:// address and keeps its ARN.
    const bucket = /^arn:aws:s3:::+\/*([^/]+)(\/.*)?$/.exec(arn)
    if (bucket) return { url: withoutSpaces(`s3://${bucket[1]}${bucket[2] ?? ''}`), kind: 's3' }
    return { url: withoutSpaces(arn), kind: arn.startsWith('arn:aws:s3:') ? 's3' : 'api' }
  }
  const host = fields.text('Host')
  if (host === undefined) return undefined
  return { url: (/^https?:/i.test(host) ? host : `https://${host}`) as Url, kind: 'http' }
}

// Object keys are names and not escaped text: a percent sign is kept, and only characters that no URI may contain are
// escaped.
function withoutSpaces(address: string): Url {
  return address.replace(/\s/g, encodeURIComponent) as Url
}

function accessOf(fields: Fields): Pick<defs.Source, 'access' | 'accessNote'> {
  const requesterPays = fields.flag('RequesterPays') === true
  const accountRequired = fields.flag('AccountRequired') === true
  const controlledBy = fields.text('ControlledAccess')
  const notes = [
    controlledBy === undefined ? undefined : `Access is controlled: ${controlledBy}`,
    accountRequired ? 'An AWS account is required.' : undefined,
    requesterPays ? 'The requester pays for the transfer.' : undefined,
  ].filter((note) => note !== undefined)
  const access =
    controlledBy !== undefined || accountRequired ? 'registration' : requesterPays ? 'paywalled' : 'public'
  return { access, ...(notes.length === 0 ? {} : { accessNote: notes.join('\n') }) }
}
