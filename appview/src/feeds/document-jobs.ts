import { type Node, node } from '@holdfast/lexicons/vocabularies/json-ld'
import { toSchemaOrg } from '@holdfast/lexicons/vocabularies/schema-org'
import { writeAtom } from './atom.ts'
import type { Described } from './described.ts'
import type { Feed } from './feed.ts'
import { writeJsonFeed } from './json-feed.ts'
import { datasetGraph } from './linked-data/dataset-graph.ts'
import { type Format, writeGraph } from './linked-data/documents.ts'
import { formatOf } from './oai/metadata-formats.ts'
import { writeRss } from './rss.ts'
import { type Element, element, writeXml } from './xml.ts'

/** Everything needed to write a document, as plain data, because it may be written in a thread. */
export type DocumentJob =
  | {
      readonly kind: 'dataset'
      readonly form: Format | 'schema.org'
      readonly publicUrl: string
      readonly siteName: string
      readonly dataset: ChangedDataset
    }
  | {
      readonly kind: 'catalog'
      readonly form: Format
      readonly publicUrl: string
      /** The catalog without its datasets. */
      readonly catalog: Node
      readonly datasets: readonly ChangedDataset[]
    }
  | {
      readonly kind: 'oai'
      /** The root element, without the answer to the verb. */
      readonly root: Element
      readonly verb: string
      readonly archive: string
      readonly content: readonly OaiContent[]
    }
  | { readonly kind: 'feed'; readonly form: 'rss' | 'torznab' | 'atom' | 'json'; readonly feed: Feed }

export interface ChangedDataset {
  readonly described: Described
  readonly changedAt: string
}

/** An element, or a record whose metadata is still to be written as one. */
export type OaiContent = Element | OaiRecord

export interface OaiRecord {
  readonly header: Element
  /** Absent for a deleted record. */
  readonly described?: Described
  readonly metadataPrefix: string
}

/** Writes a document: the part of an answer whose size depends on what strangers wrote. */
export function writeDocument(job: DocumentJob): string {
  switch (job.kind) {
    case 'dataset':
      return writeDataset(job)
    case 'catalog': {
      const graphs = job.datasets.map((one) => graphOf(one, job.publicUrl))
      const catalog = node({
        ...job.catalog,
        'dcat:dataset': graphs.map(({ dataset }) => dataset),
        'dcat:record': graphs.map(({ record }) => record),
      })
      return writeGraph(job.form, [catalog])
    }
    case 'oai': {
      const content = job.content.map((one) => ('header' in one ? oaiRecord(one, job.archive) : one))
      const { name, attributes, children } = job.root
      return writeXml(element(name, attributes, ...children, element(job.verb, {}, ...content)))
    }
    case 'feed':
      return feedWriters[job.form](job.feed)
  }
}

const feedWriters = {
  rss: (feed: Feed) => writeRss(feed),
  torznab: (feed: Feed) => writeRss(feed, { asTorznab: true }),
  atom: writeAtom,
  json: writeJsonFeed,
} as const

function writeDataset({
  form,
  publicUrl,
  siteName,
  dataset: changed,
}: DocumentJob & { kind: 'dataset' }): string {
  const { described } = changed
  if (form === 'schema.org')
    return JSON.stringify(toSchemaOrg(described, { page: described.page, publicUrl, siteName }), null, 1)
  const { dataset, record } = graphOf(changed, publicUrl)
  return writeGraph(form, [dataset, record])
}

function graphOf({ described, changedAt }: ChangedDataset, publicUrl: string) {
  return datasetGraph(described, { publicUrl, changedAt })
}

function oaiRecord({ header, described, metadataPrefix }: OaiRecord, archive: string): Element {
  const metadata = described && element('metadata', {}, formatOf(metadataPrefix).write(described, archive))
  return element('record', {}, header, metadata)
}
