import { readdir } from 'node:fs/promises'
import { counted } from '@holdfast/runtime/counted'
import { messageOf, OperatorError } from '@holdfast/runtime/operator-error'
import { readTrackedDids } from './catalog/read/repo.ts'
import { isRepoFile } from './ingest/archive/archive.ts'
import type { ListedHost } from './ingest/ingest-config.ts'
import type { PdsClient, RepoPage } from './ingest/state/pds-client.ts'
import type { Db } from './store/sql.ts'

export type RebuildFrom =
  /** A directory that `holdfast-appview export --archive` wrote: repositories as CAR files, metainfo in `blobs/`. */
  | { readonly archive: string }
  /** The repositories of these accounts, read from their own PDSes. */
  | { readonly dids: readonly string[] }

/** The sources must have at least this share of the accounts in the index. */
const leastShare = 0.1

/**
 * Checks the place to rebuild from, before the rebuild begins.
 *
 * @throws OperatorError when a source does not answer, or has far fewer accounts than the index has
 */
export async function checkSources(
  from: RebuildFrom | undefined,
  parts: { db: Db; lists: readonly ListedHost[]; pds: PdsClient },
): Promise<void> {
  const indexed = (await readTrackedDids(parts.db)).length
  const enough = Math.ceil(indexed * leastShare)
  const has = from ? await countGiven(from) : await countListed(parts.lists, { pds: parts.pds, enough })
  if (has > 0 && has >= enough) return
  const what = has === 0 ? 'no account at all' : `${counted(has, 'account')}, and the index has ${indexed}`
  throw new OperatorError(
    `The place to rebuild from has ${what}. Nothing was changed. Name the right place, or start with an empty database or HOLDFAST_DATA_DIR.`,
  )
}

async function countGiven(from: RebuildFrom): Promise<number> {
  if ('dids' in from) return new Set(from.dids).size
  const names = await readdir(from.archive).catch((cause) => {
    throw new OperatorError(`Cannot read the archive ${from.archive}. Nothing was changed.`, { cause })
  })
  return names.filter(isRepoFile).length
}

/** Counts the listed accounts, up to `enough`. Every host that lists repositories must answer. */
async function countListed(
  lists: readonly ListedHost[],
  { pds, enough }: { pds: PdsClient; enough: number },
): Promise<number> {
  const found = new Set<string>()
  for (const { host, httpUrl } of lists) {
    let cursor: string | undefined
    do {
      const page: RepoPage = await pds.listRepos(httpUrl, cursor).catch((cause) => {
        throw new OperatorError(
          `${host} does not answer (${cause instanceof Error ? cause.message : messageOf(cause)}). Nothing was changed.`,
          { cause },
        )
      })
      for (const { did } of page.repos) found.add(did)
      cursor = page.cursor
    } while (cursor !== undefined && found.size < enough)
  }
  return found.size
}
