import type { OaiMetadata } from './oai-metadata.ts'

/**
 * The page of a record, made of its OAI identifier by the rules of the program that the address of the API tells; undefined
 * if it tells none. Metadata in DataCite's form often has only a DOI.
 */
export function pageOf(base: string, identifier: string): string | undefined {
  const { origin, pathname } = new URL(base)
  const path = pathname.replace(/\/+$/, '')
  // InvenioRDM, so Zenodo: `oai:zenodo.org:1234`.
  const record = /^oai:[^:/]+:([\w-]+)$/.exec(identifier)?.[1]
  if (path === '/oai2d' && record) return `${origin}/records/${record}`
  // Dataverse: `doi:10.7910/DVN/ABCDEF`.
  if (path === '/oai' && /^(?:doi|hdl|perma):\S+$/.test(identifier))
    return `${origin}/dataset.xhtml?persistentId=${identifier}`
  // DSpace: `oai:repo.example.edu:10568/1234`.
  const handle = /^oai:[^:/]+:([\d.]+\/[\w.-]+)$/.exec(identifier)?.[1]
  return /\/oai\/request$/.test(path) && handle ? `${origin}/handle/${handle}` : undefined
}

/** The metadata with a page, if it names none itself. */
export function withPage(metadata: OaiMetadata, page: string | undefined): OaiMetadata {
  if (metadata.page !== undefined || page === undefined) return metadata
  const field = metadata.kind === 'datacite' ? 'url' : 'landingPage'
  return { ...metadata, entry: { ...(metadata.entry as object), [field]: page }, page }
}
