import { mkdir, realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Metainfo, Webseed } from '@holdfast/torrent/metainfo'
import type { WebseedFetch } from '@holdfast/torrent/webseed'
import { spansOfPieces } from '@holdfast/torrent/webseed/spans'
import { fetchPiece, SeedPool } from './fetch-piece.ts'
import { placeFiles, placeLinks } from './placing.ts'
import { planDownload } from './plan.ts'
import { openStaging, type Staging } from './staging.ts'

export interface DownloadOptions {
  /** The directory that contains, or will contain, the torrent's file or directory. */
  readonly directory: string
  readonly seeds: readonly Webseed[]
  readonly fetch: WebseedFetch
  /** Whether existing files with other content may be replaced. */
  readonly overwrites?: boolean
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: DownloadProgress) => void
}

export interface DownloadProgress {
  readonly phase: 'check' | 'download'
  readonly bytesDone: number
  readonly bytesTotal: number
}

export interface Downloaded {
  readonly path: string
  readonly downloadedBytes: number
  /** How many bytes were already there and correct. */
  readonly keptBytes: number
}

const concurrency = 4

/**
 * Downloads a torrent's files over HTTP from its webseeds (BEP 17, 19). Every piece is checked and then written to a
 * `.part` next to the target, from which the files are moved to their places when all are complete; if it is run again,
 * it resumes from there. Existing files stay: correct ones need no download, and others are a CommandError before
 * anything is fetched, unless they may be overwritten.
 */
export async function downloadFromWebseeds(
  metainfo: Metainfo,
  options: DownloadOptions,
): Promise<Downloaded> {
  await mkdir(options.directory, { recursive: true })
  // Every name below the directory is checked for links; the directory itself is the user's choice and may be a link.
  const directory = await realpath(options.directory)
  const watch = {
    signal: options.signal,
    onProgress: (done: { bytesDone: number; bytesTotal: number }) =>
      options.onProgress?.({ phase: 'check', ...done }),
  }
  const plan = await planDownload(metainfo, directory, { overwrites: options.overwrites ?? false, ...watch })
  const path = join(options.directory, metainfo.name)
  if (plan.wanted.size > 0) {
    const staging = await openStaging(plan, watch)
    const downloadedBytes = await fetchMissing(metainfo, staging, options)
    await placeFiles(plan, staging.root)
    await placeLinks(plan)
    await rm(staging.root, { recursive: true, force: true })
    return { path, downloadedBytes, keptBytes: metainfo.sizeBytes - downloadedBytes }
  }
  await placeLinks(plan)
  return { path, downloadedBytes: 0, keptBytes: metainfo.sizeBytes }
}

async function fetchMissing(metainfo: Metainfo, staging: Staging, options: DownloadOptions): Promise<number> {
  const seeds = new SeedPool(options.seeds)
  const { fetch, signal } = options
  const spans = spansOfPieces(metainfo, staging.missing)
  let downloadedBytes = 0
  const take = async () => {
    for (let next = spans.next(); !next.done; next = spans.next()) {
      signal?.throwIfAborted()
      const content = await fetchPiece(metainfo, next.value, { seeds, fetch, signal })
      const writtenBytes = await staging.write(next.value, content)
      downloadedBytes += writtenBytes
      const bytesDone = metainfo.sizeBytes - staging.missingBytes + downloadedBytes
      options.onProgress?.({ phase: 'download', bytesDone, bytesTotal: metainfo.sizeBytes })
    }
  }
  await Promise.all(Array.from({ length: concurrency }, take))
  return downloadedBytes
}
