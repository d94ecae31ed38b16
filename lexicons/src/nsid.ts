import * as schemas from './index.ts'

/** The authority the lexicons are spelled under in this copy of the project. */
export const canonicalAuthority: string = schemas.dataset.$nsid.split('.').slice(0, -1).join('.')

/** The collections, by short name. */
export const collections = {
  dataset: schemas.dataset.$nsid,
  torrent: schemas.torrent.$nsid,
  webseed: schemas.webseed.$nsid,
  assessment: schemas.assessment.$nsid,
  profile: schemas.profile.$nsid,
} as const

/** The short name of a collection, such as `dataset`. */
export type CollectionName = keyof typeof collections

/** The NSID of a collection in this copy of the project. */
export type Collection = (typeof collections)[CollectionName]

/** The methods, by short name. */
export const methods = {
  describeServer: schemas.describeServer.$lxm,
  findFiles: schemas.findFiles.$lxm,
  getDataset: schemas.getDataset.$lxm,
  getDatasets: schemas.getDatasets.$lxm,
  getIngestStatus: schemas.getIngestStatus.$lxm,
  getMetainfo: schemas.getMetainfo.$lxm,
  getRecordStatus: schemas.getRecordStatus.$lxm,
  getStats: schemas.getStats.$lxm,
  getTorrent: schemas.getTorrent.$lxm,
  getTorrentFiles: schemas.getTorrentFiles.$lxm,
  listAdmissions: schemas.listAdmissions.$lxm,
  listDatasets: schemas.listDatasets.$lxm,
  listInfoHashes: schemas.listInfoHashes.$lxm,
  listTorrents: schemas.listTorrents.$lxm,
  searchDatasets: schemas.searchDatasets.$lxm,
  searchTorrents: schemas.searchTorrents.$lxm,
  subscribeDatasets: schemas.subscribeDatasets.$lxm,
  subscribeInfoHashes: schemas.subscribeInfoHashes.$lxm,
  suggest: schemas.suggest.$lxm,
  updateAdmission: schemas.updateAdmission.$lxm,
} as const

/** The short name of a method, such as `searchDatasets`. */
export type MethodName = keyof typeof methods

/** The NSID of a method in this copy of the project. */
export type Method = (typeof methods)[MethodName]

/** The permission set that lets an application write all of our records. */
export const publishPermission = schemas.authPublish.main.nsid
