import * as schemas from './index.ts'

/** The authority of the lexicons in this copy of the project. */
export const canonicalAuthority: string = schemas.dataset.$nsid.split('.').slice(0, -1).join('.')

/** The collections, by short name. */
export const collections = {
  dataset: schemas.dataset.$nsid,
  torrent: schemas.torrent.$nsid,
  webseed: schemas.webseed.$nsid,
  assessment: schemas.assessment.$nsid,
  profile: schemas.profile.$nsid,
  part: schemas.part.$nsid,
  claim: schemas.claim.$nsid,
} as const

/** The short name of a collection, such as `dataset`. */
export type CollectionName = keyof typeof collections

/** The NSID of a collection in this copy of the project. */
export type Collection = (typeof collections)[CollectionName]

/** The operator's methods, which are a group of their own, by short name. */
export const adminMethods = {
  getBackup: schemas.admin.getBackup.$lxm,
  getIngestStatus: schemas.admin.getIngestStatus.$lxm,
  listAdmissions: schemas.admin.listAdmissions.$lxm,
  listDecisions: schemas.admin.listDecisions.$lxm,
  updateAdmission: schemas.admin.updateAdmission.$lxm,
} as const

/** All methods, by short name. */
export const methods = {
  describeServer: schemas.describeServer.$lxm,
  findFiles: schemas.findFiles.$lxm,
  getDataset: schemas.getDataset.$lxm,
  getDatasets: schemas.getDatasets.$lxm,
  getMetainfo: schemas.getMetainfo.$lxm,
  getNextPart: schemas.getNextPart.$lxm,
  getPart: schemas.getPart.$lxm,
  getRecordStatus: schemas.getRecordStatus.$lxm,
  getStats: schemas.getStats.$lxm,
  getTorrent: schemas.getTorrent.$lxm,
  getTorrentFiles: schemas.getTorrentFiles.$lxm,
  leaseNextPart: schemas.leaseNextPart.$lxm,
  listClaims: schemas.listClaims.$lxm,
  listDatasets: schemas.listDatasets.$lxm,
  listInfoHashes: schemas.listInfoHashes.$lxm,
  listParts: schemas.listParts.$lxm,
  listTorrents: schemas.listTorrents.$lxm,
  releaseLease: schemas.releaseLease.$lxm,
  searchDatasets: schemas.searchDatasets.$lxm,
  searchDatasetsTypeahead: schemas.searchDatasetsTypeahead.$lxm,
  searchTorrents: schemas.searchTorrents.$lxm,
  subscribeInfoHashes: schemas.subscribeInfoHashes.$lxm,
  subscribeRecords: schemas.subscribeRecords.$lxm,
  ...adminMethods,
} as const

/** The short name of a method, such as `searchDatasets`. */
export type MethodName = keyof typeof methods

/** The NSID of a method in this copy of the project. */
export type Method = (typeof methods)[MethodName]

/** The permission sets, by purpose, so that a program which gathers cannot delete datasets. Each collection is in one of them. */
export const permissionSets = {
  publish: schemas.authPublish.main.nsid,
  gather: schemas.authGather.main.nsid,
} as const

/** The collections of each permission set. */
export const collectionsFor = {
  publish: [
    collections.dataset,
    collections.torrent,
    collections.webseed,
    collections.assessment,
    collections.profile,
  ],
  gather: [collections.part, collections.claim, collections.torrent],
} as const satisfies Record<keyof typeof permissionSets, readonly Collection[]>
