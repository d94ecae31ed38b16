import { type SourceServer, startSourceServer } from './source-server.ts'

export interface OaiRecord {
  readonly identifier: string
  readonly datestamp: string
  readonly title: string
  readonly deleted?: boolean
  readonly type?: string
  /** Whether the record names its page; by default it does. */
  readonly page?: null
}

export type OaiServer = SourceServer & {
  readonly records: Map<string, OaiRecord>
  put(record: Partial<OaiRecord> & { identifier: string }): void
}

export interface OaiServerOptions {
  readonly pageSize?: number
  readonly granularity?: 'YYYY-MM-DD' | 'YYYY-MM-DDThh:mm:ssZ'
  readonly deletedRecord?: 'persistent' | 'no'
}

export function oaiRecords(count: number): OaiRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    identifier: `oai:repo.example.edu:${i}`,
    datestamp: '2026-01-01T00:00:00Z',
    title: `Tide table ${i} <of "harbor" & bay>`,
  }))
}

/** A provider of OAI-PMH 2.0 with Dublin Core, resumption tokens, dates and deleted records. */
export async function startOaiServer(
  records: readonly OaiRecord[],
  options: OaiServerOptions = {},
): Promise<OaiServer> {
  const { pageSize = 50, granularity = 'YYYY-MM-DDThh:mm:ssZ', deletedRecord = 'persistent' } = options
  const all = new Map(records.map((record) => [record.identifier, record]))
  const server = await startSourceServer((url, response) => {
    response.writeHead(200, { 'content-type': 'text/xml' })
    response.end(`<?xml version="1.0" encoding="UTF-8"?>
<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>${now()}</responseDate>
<request>http://repo.example.edu/oai</request>${answer(url.searchParams)}</OAI-PMH>`)
  })

  function answer(asked: URLSearchParams): string {
    const verb = asked.get('verb') ?? ''
    if (verb === 'Identify')
      return `<Identify><repositoryName>R</repositoryName><earliestDatestamp>2020-01-01</earliestDatestamp><deletedRecord>${deletedRecord}</deletedRecord><granularity>${granularity}</granularity></Identify>`
    if (verb === 'ListMetadataFormats')
      return '<ListMetadataFormats><metadataFormat><metadataPrefix>oai_dc</metadataPrefix></metadataFormat></ListMetadataFormats>'
    const [from = '', start = '0'] = asked.get('resumptionToken')?.split('|') ?? [asked.get('from') ?? '']
    const found = [...all.values()].filter(
      ({ datestamp }) => datestamp >= from && (deletedRecord === 'persistent' || !all.get('x')),
    )
    if (found.length === 0) return '<error code="noRecordsMatch">nothing</error>'
    const page = found.slice(Number(start), Number(start) + pageSize)
    const end = Number(start) + page.length
    const token = end < found.length ? `${from}|${end}` : ''
    const isPaged = Number(start) > 0 || token !== ''
    const items = page.map(verb === 'ListRecords' ? recordOf : headerOf).join('')
    return `<${verb}>${items}${isPaged ? `<resumptionToken completeListSize="${found.length}">${token}</resumptionToken>` : ''}</${verb}>`
  }
  return Object.assign(server, {
    records: all,
    put(record: Partial<OaiRecord> & { identifier: string }) {
      all.set(record.identifier, { ...all.get(record.identifier)!, datestamp: now(), ...record })
    },
  })
}

function now(): string {
  return `${new Date().toISOString().slice(0, 19)}Z`
}

function headerOf({ identifier, datestamp, deleted }: OaiRecord): string {
  return `<header${deleted ? ' status="deleted"' : ''}><identifier>${identifier}</identifier><datestamp>${datestamp}</datestamp></header>`
}

function recordOf(record: OaiRecord): string {
  const { title, type = 'Dataset', identifier, deleted, page } = record
  const number = identifier.split(':').at(-1)
  if (deleted) return `<record>${headerOf(record)}</record>`
  return `<record>${headerOf(record)}<metadata><oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:title>${escaped(title)}</dc:title><dc:creator>Harbor Office</dc:creator><dc:type>${type}</dc:type>
<dc:description><![CDATA[Heights & times.]]></dc:description><dc:date>2025-03-0${(Number(number) % 9) + 1}</dc:date>
${page === null ? '' : `<dc:identifier>https://repo.example.edu/records/${number}</dc:identifier>`}<dc:identifier>doi:10.5072/tide.${number}</dc:identifier>
<dc:rights>https://creativecommons.org/publicdomain/zero/1.0/</dc:rights></oai_dc:dc></metadata></record>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
