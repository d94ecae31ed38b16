import { createServer, type Server, XRPCError } from '@atproto/xrpc-server'
import * as lexicons from '@holdfast/lexicons'
import type { Authorities } from '@holdfast/lexicons/authority'
import type { SearchMemory } from '../catalog/search/memory/search-memory.ts'
import type { Db } from '../catalog/sql.ts'
import { operatorAuth } from './auth/operator.ts'
import { type ServiceAuthParts, serviceAuth } from './auth/service-auth.ts'
import { describeServer, type ServerDescription } from './describeServer.ts'
import { findFiles } from './findFiles.ts'
import { getDataset } from './getDataset.ts'
import { getDatasets } from './getDatasets.ts'
import { getIngestStatus, type IngestStatusSource } from './getIngestStatus.ts'
import { getMetainfo } from './getMetainfo.ts'
import { getRecordStatus } from './getRecordStatus.ts'
import { type CurrentTotals, getStats } from './getStats.ts'
import { getTorrent } from './getTorrent.ts'
import { getTorrentFiles } from './getTorrentFiles.ts'
import { listAdmissions } from './listAdmissions.ts'
import { listDatasets } from './listDatasets.ts'
import { listInfoHashes } from './listInfoHashes.ts'
import { listTorrents } from './listTorrents.ts'
import { searchDatasets } from './searchDatasets.ts'
import { searchTorrents } from './searchTorrents.ts'
import { serve } from './serve.ts'
import type { Broadcast } from './streams/broadcast.ts'
import { serveStream } from './streams/serve-stream.ts'
import { recordFilter } from './subscribeDatasets.ts'
import { suggest } from './suggest.ts'
import { updateAdmission } from './updateAdmission.ts'

export interface XrpcParts {
  db: Db
  memory: SearchMemory | undefined
  authorities: Authorities
  /** Announce URLs that magnet links and `.torrent` files carry. */
  trackers: readonly string[]
  describe: () => Promise<ServerDescription>
  totals: CurrentTotals
  ingest: IngestStatusSource
  adminToken: string | undefined
  serviceAuth: ServiceAuthParts
  streams: { infoHashes: Broadcast; records: Broadcast }
  /** Checks every answer against its lexicon: for tests. */
  validateResponse?: boolean
}

/** Every method of the lexicons, over HTTP and WebSocket. */
export function createXrpcServer(parts: XrpcParts): Server {
  const { db, authorities, trackers } = parts
  const server = createServer([], {
    validateResponse: parts.validateResponse ?? false,
    payload: { jsonLimit: 100_000, blobLimit: 0, textLimit: 0 },
    errorParser: (error) => XRPCError.fromError(error),
  })
  const auth = serviceAuth(parts.serviceAuth)
  const open = { server, authorities, auth, cacheControl: 'public, no-cache' }
  const slow = { ...open, cacheControl: 'public, max-age=30' }
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
  serve(open, lexicons.suggest, suggest(db))
  serve(open, lexicons.listInfoHashes, listInfoHashes(db))
  serve(open, lexicons.getRecordStatus, getRecordStatus(db))
  serve(open, lexicons.getStats, getStats(db, parts.totals))
  serve(slow, lexicons.describeServer, describeServer(parts.describe))
  serveStream(open, lexicons.subscribeInfoHashes, { broadcast: parts.streams.infoHashes })
  serveStream(open, lexicons.subscribeDatasets, {
    broadcast: parts.streams.records,
    filter: recordFilter(db, authorities),
  })

  serve(operator, lexicons.getIngestStatus, getIngestStatus(db, parts.ingest))
  serve(operator, lexicons.listAdmissions, listAdmissions(db))
  serve(operator, lexicons.updateAdmission, updateAdmission(db))
  return server
}
