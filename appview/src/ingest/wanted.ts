import { type Authorities, canonicalCollection, equivalentNsids } from '@holdfast/lexicons/authority'
import { type ForeignCollection, foreignCollections, foreignKind } from '@holdfast/lexicons/foreign'
import { type Collection, type CollectionName, collections } from '@holdfast/lexicons/nsid'

/** The repository paths of records to index: ours under every configured authority, and foreign ones that are mapped to ours. */
export interface Wanted {
  readonly authorities: Authorities
  /** Prefixes of all wanted paths: `AUTHORITY.` of each authority, and each foreign NSID. */
  readonly authorityPrefixes: readonly string[]
  /** Prefixes `NSID/` of each collection under each authority. */
  readonly pathPrefixes: readonly string[]
  /** The NSIDs of the collections, for requests to hosts. */
  readonly nsids: readonly string[]
  wantsPath(path: string): boolean
  /** Splits a wanted path into its parts; undefined for any other path. */
  parsePath(path: string): WantedPath | undefined
}

export interface WantedPath {
  readonly collection: Collection | ForeignCollection
  readonly kind: CollectionName
  readonly rkey: string
}

/** Computes the collections under the configured authorities. */
export function createWanted(authorities: Authorities): Wanted {
  const kinds = new Map<string, { collection: Collection | ForeignCollection; kind: CollectionName }>()
  for (const [kind, canonical] of Object.entries(collections) as [CollectionName, Collection][]) {
    for (const nsid of equivalentNsids(canonical, authorities)) {
      const collection = canonicalCollection(nsid, authorities)
      if (collection) kinds.set(nsid, { collection, kind })
    }
  }
  const foreign = Object.values(foreignCollections)
  for (const collection of foreign) {
    const kind = foreignKind(collection)
    if (kind) kinds.set(collection, { collection, kind })
  }
  const nsids = [...kinds.keys()]
  return {
    authorities,
    authorityPrefixes: [...authorities.map((authority) => `${authority}.`), ...foreign],
    pathPrefixes: nsids.map((nsid) => `${nsid}/`),
    nsids,
    wantsPath: (path) => kinds.has(path.slice(0, Math.max(path.indexOf('/'), 0))),
    parsePath(path) {
      const slash = path.indexOf('/')
      const found = kinds.get(path.slice(0, Math.max(slash, 0)))
      return found && { ...found, rkey: path.slice(slash + 1) }
    },
  }
}
