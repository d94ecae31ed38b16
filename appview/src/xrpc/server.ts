import { createServer, type Server, XRPCError } from '@atproto/xrpc-server'
import * as lexicons from '@holdfast/lexicons'
import type { Authorities } from '@holdfast/lexicons/authority'
import type { DecisionJournal } from '../catalog/admissions.ts'
import { createLeaseDesk, type GatheringLimits } from '../catalog/leases.ts'
import { keptBriefly } from '../catalog/views/gathering/kept-briefly.ts'
import { countParts, type PartCounting } from '../catalog/views/gathering/part-views.ts'
import { holdsToken } from '../http/operator-token.ts'
import type { SearchMemory } from '../search/memory/search-memory.ts'
import type { Db } from '../store/sql.ts'
import { isStoreAway, storeAwayMessage } from '../store/store-unavailable.ts'
import { getBackup } from './admin/getBackup.ts'
import { getIngestStatus, type IngestStatusSource } from './admin/getIngestStatus.ts'
import { listAdmissions } from './admin/listAdmissions.ts'
import { listDecisions } from './admin/listDecisions.ts'
import { updateAdmission } from './admin/updateAdmission.ts'
import { operatorAuth } from './auth/operator.ts'
import { type ServiceAuthParts, serviceAuth } from './auth/service-auth.ts'
import { describeServer, type ServerDescription } from './public/describeServer.ts'
import { findFiles } from './public/findFiles.ts'
import { getDataset } from './public/getDataset.ts'
import { getDatasets } from './public/getDatasets.ts'
import { getMetainfo } from './public/getMetainfo.ts'
import { getNextPart } from './public/getNextPart.ts'
import { getPart } from './public/getPart.ts'
import { getRecordStatus } from './public/getRecordStatus.ts'
import { type CurrentTotals, getStats } from './public/getStats.ts'
import { getTorrent } from './public/getTorrent.ts'
import { getTorrentFiles } from './public/getTorrentFiles.ts'
import { leaseNextPart } from './public/leaseNextPart.ts'
import { listClaims } from './public/listClaims.ts'
import { listDatasets } from './public/listDatasets.ts'
import { listInfoHashes } from './public/listInfoHashes.ts'
import { listParts } from './public/listParts.ts'
import { listTorrents } from './public/listTorrents.ts'
import { releaseLease } from './public/releaseLease.ts'
import { searchDatasets } from './public/searchDatasets.ts'
import { searchDatasetsTypeahead } from './public/searchDatasetsTypeahead.ts'
import { searchTorrents } from './public/searchTorrents.ts'
import { recordFilter } from './public/subscribeRecords.ts'
import { serve } from './serve.ts'
import type { Broadcast } from './streams/broadcast.ts'
import { serveStream } from './streams/serve-stream.ts'

export interface XrpcParts {
  db: Db
  memory: SearchMemory | undefined
  authorities: Authorities
  /** The announce URLs in magnet links and `.torrent` files. */
  trackers: readonly string[]
  describe: () => Promise<ServerDescription>
  totals: CurrentTotals
  ingest: IngestStatusSource
  adminToken: string | undefined
  version: string
  /** Where decisions are kept beside the database. */
  journal?: DecisionJournal | undefined
  serviceAuth: ServiceAuthParts
  streams: { infoHashes: Broadcast; records: Broadcast }
  /** How much is handed out to those who gather. */
  gathering: GatheringLimits
  /** Whether to check every answer against its lexicon, as tests do. */
  validateResponse?: boolean
}

/** Makes a server for all methods of the lexicons, over HTTP and WebSocket. */
export function createXrpcServer(parts: XrpcParts): Server {
  const { db, authorities, trackers } = parts
  const server = createServer([], {
    validateResponse: parts.validateResponse ?? false,
    payload: { jsonLimit: 100_000, blobLimit: 0, textLimit: 0 },
    errorParser: (error) => (isStoreAway(error) ? storeAway(error) : XRPCError.fromError(error)),
  })
  const service = serviceAuth(parts.serviceAuth)
  const auth: typeof service = async (request) =>
    parts.adminToken !== undefined && holdsToken(request.req, parts.adminToken)
      ? { credentials: { did: null } }
      : service(request)
  const open = { server, authorities, auth, cacheControl: 'public, no-cache' }
  const slow = { ...open, cacheControl: 'public, max-age=30' }
  const count: PartCounting = keptBriefly((of) => countParts(db, of))
  const personal = { ...open, cacheControl: 'no-store' }
  const operator = { server, authorities, auth: operatorAuth(parts.adminToken), cacheControl: 'no-store' }

  serve(open, lexicons.searchDatasets, searchDatasets(db, parts.memory))
  serve(open, lexicons.getDataset, getDataset(db, { trackers }))
  serve(open, lexicons.getDatasets, getDatasets(db))
  serve(open, lexicons.listDatasets, listDatasets(db))
  serve(open, lexicons.searchTorrents, searchTorrents(db, { trackers }))
  serve(open, lexicons.getTorrent, getTorrent(db, { trackers }))
  serve(open, lexicons.listTorrents, listTorrents(db, { trackers }))
  serve(open, lexicons.getTorrentFiles, getTorrentFiles(db))
  serve(open, lexicons.getMetainfo, getMetainfo(db, { trackers }))
  serve(open, lexicons.findFiles, findFiles(db))
  serve(open, lexicons.searchDatasetsTypeahead, searchDatasetsTypeahead(db, parts.memory))
  serve(open, lexicons.listInfoHashes, listInfoHashes(db))
  serve(open, lexicons.getPart, getPart(db))
  serve(open, lexicons.listParts, listParts(db))
  serve(open, lexicons.listClaims, listClaims(db))
  serve(open, lexicons.getNextPart, getNextPart(db, count))
  serve(
    personal,
    lexicons.leaseNextPart,
    leaseNextPart(db, { count, desk: createLeaseDesk(db, parts.gathering) }),
  )
  serve(personal, lexicons.releaseLease, releaseLease(db))
  serve(open, lexicons.getRecordStatus, getRecordStatus(db))
  serve(open, lexicons.getStats, getStats(db, parts.totals))
  serve(slow, lexicons.describeServer, describeServer(parts.describe))
  serveStream(open, lexicons.subscribeInfoHashes, { broadcast: parts.streams.infoHashes })
  serveStream(open, lexicons.subscribeRecords, {
    broadcast: parts.streams.records,
    filter: recordFilter(db, authorities),
  })

  serve(operator, lexicons.admin.getBackup, getBackup(db, parts.version))
  serve(operator, lexicons.admin.getIngestStatus, getIngestStatus(db, parts.ingest))
  serve(operator, lexicons.admin.listAdmissions, listAdmissions(db))
  serve(operator, lexicons.admin.listDecisions, listDecisions(db))
  serve(operator, lexicons.admin.updateAdmission, updateAdmission(db, parts.journal))
  return server
}

/** The error 503: nothing was wrong with the call, and it may be repeated. */
function storeAway(cause: unknown): XRPCError {
  return new XRPCError(503, storeAwayMessage, 'StoreUnavailable', { cause })
}
