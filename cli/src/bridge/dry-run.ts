import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PublishedStates } from '../publish/published-states.ts'
import type { BlobJson, RecordJson, Repo } from '../records/repo.ts'
import { type Ledger, openLedger } from './ledger.ts'

/** A copy of a ledger, which is gone at the end; an empty one if there is none. */
export async function copiedLedger(path: string | undefined): Promise<Ledger & AsyncDisposable> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-bridge-'))
  const copy = join(directory, 'ledger.sqlite')
  if (path !== undefined && existsSync(path)) {
    using ledger = openLedger(path)
    ledger.copyTo(copy)
  }
  const ledger = openLedger(copy)
  return {
    ...ledger,
    async [Symbol.asyncDispose]() {
      ledger[Symbol.dispose]()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** A repo that is read and pretends to be written: it says what a write would have done. */
export function unwrittenRepo(repo: Repo | undefined): Repo {
  const did = repo?.did ?? 'did:example:nobody'
  return {
    did,
    get: async (collection, rkey) => repo?.get(collection, rkey),
    async *list(collection) {
      if (repo) yield* repo.list(collection)
    },
    put: async ({ collection, rkey }) => ({ uri: `at://${did}/${collection}/${rkey}`, cid: '' }),
    delete: async () => {},
    create: async (collection) => ({ uri: `at://${did}/${collection}/new`, cid: '' }),
    uploadBlob: async (bytes, mimeType): Promise<BlobJson> => ({
      $type: 'blob',
      ref: { $link: 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku' },
      mimeType,
      size: bytes.length,
    }),
  }
}

/** Statements that are read and never remembered. */
export function unwrittenStates(states: PublishedStates): PublishedStates {
  return {
    get: (uri, source): Promise<RecordJson | undefined> => states.get(uri, source),
    remember: async () => {},
  }
}
