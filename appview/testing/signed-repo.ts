/** For tests: a repository made by the reference library, and the `#commit` messages that a host would send. */
import { Secp256k1Keypair } from '@atproto/crypto'
import type { Cid } from '@atproto/lex-data'
import { blocksToCarFile, MemoryBlockstore, type RecordWriteOp, Repo, WriteOpAction } from '@atproto/repo'
import { type CidKey, cidKeyFromLex } from '../src/ingest/cid-key.ts'
import type { CommitFrame, RepoOp } from '../src/ingest/frame/frame.ts'
import { type SigningKey, toSigningKey } from '../src/ingest/verify/signature.ts'

export interface TestRepo {
  readonly did: string
  readonly keypair: Secp256k1Keypair
  readonly key: SigningKey
  /** Creates or updates records, or deletes those that are null, in one commit. */
  write(changes: Readonly<Record<string, unknown | null>>): Promise<CommitFrame>
  /** The CAR that `getRepo` would return. */
  car(): Promise<Uint8Array>
  paths(): string[]
}

/** Starts an empty repository, signed with secp256k1. */
export async function createTestRepo(did = 'did:plc:testrepo22222222222222'): Promise<TestRepo> {
  const keypair = await Secp256k1Keypair.create({ exportable: true })
  const storage = new MemoryBlockstore()
  let repo = await Repo.create(storage, did, keypair)
  const records = new Map<string, CidKey>()
  let seq = 0
  return {
    did,
    keypair,
    key: toSigningKey(keypair.did())!,
    paths: () => [...records.keys()],
    car: async () => new Uint8Array(await blocksToCarFile(repo.cid, storage.blocks)),
    async write(changes) {
      const before = { rev: repo.commit.rev, data: keyOf(repo.commit.data) }
      const writes = Object.entries(changes).map(([path, record]) => toWrite(path, record, records.has(path)))
      const commit = await repo.formatCommit(writes, keypair)
      repo = await repo.applyCommit(commit)
      const ops = await Promise.all(
        Object.entries(changes).map(async ([path, record]): Promise<RepoOp> => {
          const prev = records.get(path) ?? null
          const found = record === null ? null : await repo.data.get(path)
          const cid = found ? keyOf(found) : null
          if (cid) records.set(path, cid)
          else records.delete(path)
          return { action: cid === null ? 'delete' : prev ? 'update' : 'create', path, cid, prev }
        }),
      )
      return {
        kind: 'commit',
        seq: ++seq,
        did,
        time: new Date().toISOString(),
        rev: commit.rev,
        since: before.rev,
        commit: keyOf(commit.cid),
        prevData: before.data,
        tooBig: false,
        ops,
        blocks: new Uint8Array(await blocksToCarFile(commit.cid, commit.relevantBlocks)),
      }
    },
  }
}

function toWrite(path: string, record: unknown, taken: boolean): RecordWriteOp {
  const [collection, rkey] = path.split('/') as [RecordWriteOp['collection'], RecordWriteOp['rkey']]
  if (record === null) return { action: WriteOpAction.Delete, collection, rkey }
  const action = taken ? WriteOpAction.Update : WriteOpAction.Create
  return { action, collection, rkey, record: record as never }
}

function keyOf(cid: Cid): CidKey {
  return cidKeyFromLex(cid)!
}
