import { type Keypair, P256Keypair, Secp256k1Keypair } from '@atproto/crypto'
import { type Cid, cidForRawBytes, type LexMap, type TypedBlobRef } from '@atproto/lex-data'
import {
  blocksToCarFile,
  type CommitData,
  cidForRecord,
  concatBytesAsync,
  getFullRepo,
  getRecords,
  MemoryBlockstore,
  type RecordWriteOp,
  Repo,
} from '@atproto/repo'
import type { TestPlc } from './plc.ts'
import type { Frame } from './relay/frames.ts'

export interface SignedRepoOptions {
  plc: TestPlc
  /** The PDS in the account's DID document: a hostile one, or a host that does not exist. */
  pdsUrl: string
  /** The handle; `stranger.test` by default. */
  handle?: string
  /** The key type; `secp256k1` by default, as PDSes use. */
  keyType?: 'secp256k1' | 'p256'
}

export type Write = { collection: string; rkey: string } & (
  | { action: 'create' | 'update'; record: LexMap }
  | { action: 'delete' }
)

export interface Blob {
  bytes: Uint8Array
  mimeType: string
}

/**
 * A real account without a PDS: a DID in the PLC directory and a repo in memory, signed with a key that the test has.
 * Its frames have no `seq`; the relay or hostile PDS that emits them adds it.
 */
export class SignedRepo {
  readonly did: string
  readonly handle: string
  readonly rotationKey: Keypair
  readonly blobs = new Map<string, Blob>()
  key: Keypair
  #plc: TestPlc
  #storage = new MemoryBlockstore()
  #repo!: Repo
  #paths = new Map<string, Cid>()

  constructor(plc: TestPlc, identity: Identity) {
    this.#plc = plc
    this.did = identity.did
    this.handle = identity.handle
    this.key = identity.key
    this.rotationKey = identity.rotationKey
  }

  /** Registers a DID whose document points to `pdsUrl`, and signs an empty repo for it. */
  static async create({
    plc,
    pdsUrl,
    handle = 'stranger.test',
    keyType,
  }: SignedRepoOptions): Promise<SignedRepo> {
    const key = await newKey(keyType)
    const rotationKey = await Secp256k1Keypair.create()
    const did = await plc.client.createDid({
      signingKey: key.did(),
      rotationKeys: [rotationKey.did()],
      handle,
      pds: pdsUrl,
      signer: rotationKey,
    })
    const repo = new SignedRepo(plc, { did, handle, key, rotationKey })
    repo.#repo = await Repo.create(repo.#storage, did, key)
    return repo
  }

  get rev() {
    return this.#repo.commit.rev
  }

  /** The CID of the newest commit. */
  get head(): Cid {
    return this.#repo.cid
  }

  /** The root of the record tree in the newest commit. */
  get data(): Cid {
    return this.#repo.commit.data
  }

  /** The CID of every record by its path (`collection/rkey`). */
  get records(): ReadonlyMap<string, Cid> {
    return this.#paths
  }

  create(collection: string, rkey: string, record: LexMap) {
    return this.write([{ action: 'create', collection, rkey, record }])
  }

  update(collection: string, rkey: string, record: LexMap) {
    return this.write([{ action: 'update', collection, rkey, record }])
  }

  delete(collection: string, rkey: string) {
    return this.write([{ action: 'delete', collection, rkey }])
  }

  /** Commits the writes and returns the `#commit` frame with `since`, `prevData`, and every block of the inductive proof. */
  async write(writes: readonly Write[]): Promise<Frame> {
    const { data: prevData, rev: since } = this
    const commit = await this.#repo.formatCommit(writes as RecordWriteOp[], this.key)
    const ops = await Promise.all(writes.map((write) => this.#opOf(write)))
    for (const { path, cid } of ops) {
      if (cid) this.#paths.set(path, cid)
      else this.#paths.delete(path)
    }
    await this.#keepSharedRecords(
      commit,
      ops.map(({ cid }) => cid),
    )
    this.#repo = await this.#repo.applyCommit(commit)
    const body = {
      repo: this.did,
      commit: commit.cid,
      rev: commit.rev,
      since,
      prevData,
      ops,
      blocks: await blocksToCarFile(commit.cid, commit.relevantBlocks),
      blobs: [],
      rebase: false,
      tooBig: false,
      time: now(),
    }
    return { t: '#commit', body }
  }

  /** Makes a `#sync` frame, which contains only the newest commit block (atproto sync spec). */
  async syncFrame(): Promise<Frame> {
    const { blocks } = await this.#storage.getBlocks([this.head])
    return {
      t: '#sync',
      body: { did: this.did, rev: this.rev, time: now(), blocks: await blocksToCarFile(this.head, blocks) },
    }
  }

  identityFrame(): Frame {
    return { t: '#identity', body: { did: this.did, handle: this.handle, time: now() } }
  }

  /** Makes an `#account` frame: active without a status, inactive with one (`deactivated`, `takendown`, `deleted`, …). */
  accountFrame(status?: string): Frame {
    const state = status === undefined ? { active: true } : { active: false, status }
    return { t: '#account', body: { did: this.did, time: now(), ...state } }
  }

  /** The answer of `com.atproto.sync.getRepo`. */
  car(): Promise<Uint8Array> {
    return concatBytesAsync(getFullRepo(this.#storage, this.head))
  }

  /** The answer of `com.atproto.sync.getRecord`: the record with its proof, or the proof of its absence. */
  recordCar(collection: string, rkey: string): Promise<Uint8Array> {
    return concatBytesAsync(getRecords(this.#storage, this.head, [{ collection, rkey }]))
  }

  /** Stores bytes for `getBlob` and returns the reference for a record. */
  async addBlob(bytes: Uint8Array, mimeType = 'application/octet-stream'): Promise<TypedBlobRef> {
    const ref = await cidForRawBytes(bytes)
    this.blobs.set(ref.toString(), { bytes, mimeType })
    return { $type: 'blob', ref, mimeType, size: bytes.length }
  }

  /** Puts a new signing key into the PLC directory; later commits are signed with it. */
  async rotateKey(keyType?: 'secp256k1' | 'p256') {
    const key = await newKey(keyType)
    await this.#plc.client.updateAtprotoKey(this.did, this.rotationKey, key.did())
    this.key = key
  }

  /** Changes the DID document to another PDS. */
  async moveTo(pdsUrl: string) {
    await this.#plc.client.updatePds(this.did, this.rotationKey, pdsUrl)
  }

  async tombstone() {
    await this.#plc.client.tombstone(this.did, this.rotationKey)
  }

  async #opOf(write: Write) {
    const path = `${write.collection}/${write.rkey}`
    const prev = this.#paths.get(path)
    const cid = write.action === 'delete' ? null : await cidForRecord(write.record)
    return { action: write.action, path, cid, ...(prev ? { prev } : {}) }
  }

  /** Equal records share one block, which must stay when one of them is deleted, and be sent when another is added. */
  async #keepSharedRecords(commit: CommitData, written: (Cid | null)[]) {
    for (const cid of this.#paths.values()) commit.removedCids.delete(cid)
    const shared = written.filter((cid) => cid !== null && !commit.newBlocks.has(cid))
    const { blocks } = await this.#storage.getBlocks(shared as Cid[])
    commit.relevantBlocks.addMap(blocks)
  }
}

interface Identity {
  did: string
  handle: string
  key: Keypair
  rotationKey: Keypair
}

const newKey = (type: 'secp256k1' | 'p256' = 'secp256k1') =>
  type === 'p256' ? P256Keypair.create() : Secp256k1Keypair.create()

const now = () => new Date().toISOString()
