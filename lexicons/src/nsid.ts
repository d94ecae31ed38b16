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
  getRecordStatus: schemas.getRecordStatus.$lxm,
  getStats: schemas.getStats.$lxm,
  getTorrent: schemas.getTorrent.$lxm,
  getTorrentFiles: schemas.getTorrentFiles.$lxm,
  listDatasets: schemas.listDatasets.$lxm,
  listInfoHashes: schemas.listInfoHashes.$lxm,
  listTorrents: schemas.listTorrents.$lxm,
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

/** The permission set with which an application may write all of our records. */
export const publishPermission = schemas.authPublish.main.nsid
