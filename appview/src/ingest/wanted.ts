import { type Authorities, canonicalCollection, equivalentNsids } from '@holdfast/lexicons/authority'
import { type ForeignCollection, foreignCollections, foreignKind } from '@holdfast/lexicons/foreign'
import { type Collection, type CollectionName, collections } from '@holdfast/lexicons/nsid'

/** Which paths of a repository are records of ours, under every authority that is read, or foreign ones read as such. */
export type Wanted = {
  readonly authorities: Authorities
  /** `AUTHORITY.` of each authority and each foreign NSID: what a wanted path begins with at the least. */
  readonly authorityPrefixes: readonly string[]
  /** `NSID/` of each collection under each authority. */
  readonly pathPrefixes: readonly string[]
  /** The NSIDs of the collections, as listed by hosts and asked of them. */
  readonly nsids: readonly string[]
  wantsPath(path: string): boolean
  /** Takes a wanted path apart. */
  parsePath(path: string): WantedPath | undefined
}

export type WantedPath = {
  readonly collection: Collection | ForeignCollection
  readonly kind: CollectionName
  readonly rkey: string
}

/** Works out what the configured authorities make of the collections. */
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
