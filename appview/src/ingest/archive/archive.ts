import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { readMetainfoBlobs } from '../../catalog/read/metainfo.ts'
import { readTrackedDids } from '../../catalog/read/repo.ts'
import type { GuardedFetch } from '../../outbound/guarded-fetch.ts'
import { createLimiter } from '../../runtime/limiter.ts'
import type { Db } from '../../store/sql.ts'
import type { DidResolver } from '../identity/did-resolver.ts'
import { defaultResyncLimits } from '../resync/resync-limits.ts'
import { HostRefusedError, type PdsClient } from '../state/pds-client.ts'
import type { RepoCar } from './import-repos.ts'

/**
 * An archive is a directory of `DID.car` files (`:` written as `_`), one for each repository as its PDS exports it, and
 * `blobs/CID` files with the metainfo that the records name. It is a backup for the operator and should not be passed on,
 * because repositories belong to their authors.
 */
const blobsFolder = 'blobs'
const maxConcurrent = 4

/** Whether the name of a file in an archive is that of a repository. */
export const isRepoFile = (name: string): boolean => /^did_(plc|web)_.+\.car$/.test(name)

/** Reads every repository of an archive, in order of names. */
export async function* carsInDirectory(directory: string): AsyncGenerator<RepoCar> {
  const names = (await readdir(directory)).filter(isRepoFile).sort()
  for (const name of names) {
    yield {
      did: name.slice(0, -'.car'.length).replace(/^did_(plc|web)_/, 'did:$1:'),
      async open() {
        const body = createReadStream(join(directory, name), { highWaterMark: 256 * 1024 })
        return { body, [Symbol.asyncDispose]: async () => void body.destroy() }
      },
    }
  }
}

/** Reads the repositories of these accounts from the PDSes that their DID documents name. */
export async function* carsOfDids(
  dids: Iterable<string> | AsyncIterable<string>,
  parts: { resolver: DidResolver; pds: PdsClient; signal: AbortSignal },
): AsyncGenerator<RepoCar> {
  for await (const did of dids) {
    yield {
      did,
      async open() {
        const resolution = await parts.resolver.resolve(did)
        if (resolution.status !== 'found') throw new Error(`${did} does not resolve`)
        const { maxRepoBytes: maxBytes, timeoutMs } = defaultResyncLimits
        return parts.pds.getRepo(resolution.identity.pdsUrl, did, {
          maxBytes,
          timeoutMs,
          signal: parts.signal,
        })
      },
    }
  }
}

/** Writes an archive of every followed repository and of all verified metainfo. Files are written whole or not at all. */
export async function exportArchive(
  db: Db,
  directory: string,
  parts: {
    resolver: DidResolver
    pds: PdsClient
    signal: AbortSignal
    onFailed: (did: string, error: unknown) => void
  },
): Promise<{ repos: number; failed: number; blobs: number }> {
  await mkdir(join(directory, blobsFolder), { recursive: true })
  const done = { repos: 0, failed: 0, blobs: 0 }
  const limit = createLimiter(maxConcurrent)
  const jobs: Promise<void>[] = []
  for await (const repo of carsOfDids(await readTrackedDids(db), parts)) {
    jobs.push(
      limit(async () => {
        try {
          await using car = await repo.open()
          await writeWhole(join(directory, `${repo.did.replaceAll(':', '_')}.car`), car.body)
          done.repos++
        } catch (error) {
          if (!(error instanceof HostRefusedError)) parts.signal.throwIfAborted()
          done.failed++
          parts.onFailed(repo.did, error)
        }
      }),
    )
  }
  await Promise.all(jobs)
  for await (const { cid, bytes } of readMetainfoBlobs(db)) {
    await writeFile(join(directory, blobsFolder, cid), bytes)
    done.blobs++
  }
  return done
}

async function writeWhole(path: string, body: AsyncIterable<Uint8Array>): Promise<void> {
  await pipeline(body, createWriteStream(`${path}.part`))
  await rename(`${path}.part`, path)
}

/** Makes a guarded fetch that reads blobs from an archive if they are there. The caller checks them against their CID. */
export function fetchWithArchive(guardedFetch: GuardedFetch, directory: string): GuardedFetch {
  return {
    ...guardedFetch,
    async fetchBytes(url, request) {
      const asked = new URL(url)
      const cid = asked.pathname.endsWith('/com.atproto.sync.getBlob') ? asked.searchParams.get('cid') : null
      const bytes =
        cid && /^[a-z2-7]+$/.test(cid) ? await readIfThere(join(directory, blobsFolder, cid)) : undefined
      if (!bytes || bytes.length > request.maxBytes) return guardedFetch.fetchBytes(url, request)
      return { url: asked, status: 200, headers: new Headers(), bytes }
    },
  }
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
