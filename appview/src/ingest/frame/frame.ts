import { decodeAll, type LexValue } from '@atproto/lex-cbor'
import { ifCid } from '@atproto/lex-data'
import { isValidDid } from '@atproto/syntax'
import { type CidKey, cidKeyFromLex } from '../cid-key.ts'
import type { DidPrefixFilter } from './did-prefix-filter.ts'

/** One message of `com.atproto.sync.subscribeRepos`, after the decision whether it concerns us. */
export type Frame =
  | CommitFrame
  | SyncFrame
  | IdentityFrame
  | AccountFrame
  /** A valid message that does not concern us; its `seq` still moves the cursor. */
  | { readonly kind: 'skip'; readonly seq: number | undefined }
  | { readonly kind: 'info'; readonly name: string; readonly message: string }
  | { readonly kind: 'error'; readonly error: string; readonly message: string }
  | { readonly kind: 'malformed'; readonly reason: string }

/** A message about one repository. A `ProvedFrame` and a `HintFrame` come from readers other than ours. */
export type RepoFrame = CommitFrame | SyncFrame | IdentityFrame | AccountFrame | ProvedFrame | HintFrame

/** A commit that another reader has verified, with those of its operations that concern us. */
export type ProvedFrame = About & {
  readonly kind: 'proved'
  readonly rev: string
  readonly data: CidKey
  readonly changes: readonly {
    readonly path: string
    readonly cid: CidKey | null
    readonly record?: Uint8Array
  }[]
}

/** An unproved message that a record may have changed. */
export type HintFrame = About & { readonly kind: 'hint'; readonly path: string }

interface About {
  readonly seq: number
  readonly did: string
  readonly time: string
}

export type CommitFrame = About & {
  readonly kind: 'commit'
  readonly rev: string
  readonly since: string | null
  readonly commit: CidKey
  /** The root of the tree before this commit; null when the host does not name it. */
  readonly prevData: CidKey | null
  readonly tooBig: boolean
  readonly ops: readonly RepoOp[]
  readonly blocks: Uint8Array
}

export interface RepoOp {
  readonly action: 'create' | 'update' | 'delete'
  readonly path: string
  readonly cid: CidKey | null
  readonly prev: CidKey | null
}

export type SyncFrame = About & {
  readonly kind: 'sync'
  readonly rev: string
  readonly blocks: Uint8Array
}

export type IdentityFrame = About & { readonly kind: 'identity'; readonly handle: string | undefined }

export type AccountFrame = About & {
  readonly kind: 'account'
  readonly active: boolean
  readonly status: string | undefined
}

/** Decides which messages of a stream concern us. */
export interface FrameFilter {
  /** Whether a repository path (`collection/rkey`) is that of a record that we index. */
  wantsPath(path: string): boolean
  /** Whether every message about this repository matters. */
  tracks(did: string): boolean
  /** A fast filter that excludes most DIDs that are not tracked; without it `tracks` is called for each. */
  readonly prefixes?: DidPrefixFilter
}

type Fields = Readonly<Record<string, LexValue | undefined>>

/** Decodes a whole frame. This is the slow path, and the definition with which the scanner must agree. */
export function decodeFrame(bytes: Uint8Array, filter: FrameFilter): Frame {
  let parts: LexValue[]
  try {
    parts = [...decodeAll(bytes)]
  } catch (error) {
    return malformed(`not DAG-CBOR: ${error instanceof Error ? error.message : error}`)
  }
  const [header, body] = parts
  if (parts.length !== 2 || !isFields(header) || !isFields(body)) return malformed('not a header and a body')
  if (header.op === -1) {
    return { kind: 'error', error: textOr(body.error, 'Unknown'), message: textOr(body.message, '') }
  }
  if (header.op !== 1 || typeof header.t !== 'string') return malformed('an unknown header')
  switch (header.t) {
    case '#commit':
      return readCommit(body, filter)
    case '#sync':
    case '#identity':
    case '#account':
      return readAbout(header.t, body, filter)
    case '#info':
      return { kind: 'info', name: textOr(body.name, ''), message: textOr(body.message, '') }
    default:
      return { kind: 'skip', seq: isSeq(body.seq) ? body.seq : undefined }
  }
}

/** The `time` in a frame as it is written there; undefined when there is none. */
export function timeOfFrame(bytes: Uint8Array): unknown {
  try {
    const [, body] = [...decodeAll(new Uint8Array(bytes))]
    return isFields(body) ? body.time : undefined
  } catch {
    return undefined
  }
}

function readCommit(body: Fields, filter: FrameFilter): Frame {
  const { seq, repo: did, ops } = body
  if (!isSeq(seq) || typeof did !== 'string' || !Array.isArray(ops))
    return malformed('a #commit without its fields')
  let wanted = filter.tracks(did)
  for (const op of ops) {
    if (!isFields(op) || typeof op.path !== 'string') return malformed('an operation without a path')
    wanted ||= filter.wantsPath(op.path)
  }
  if (!wanted) return { kind: 'skip', seq }
  const { rev, time, since, blocks, prevData } = body
  const commit = toCidKey(body.commit)
  const complete =
    isValidDid(did) &&
    typeof rev === 'string' &&
    typeof time === 'string' &&
    blocks instanceof Uint8Array &&
    commit
  const linked = (typeof since === 'string' || since == null) && (prevData == null || toCidKey(prevData))
  if (!complete || !linked) return malformed('a #commit without its fields')
  const repoOps = (ops as Fields[]).map(readOp)
  if (!repoOps.every((op) => op !== undefined)) return malformed('an operation that is none')
  return {
    kind: 'commit',
    seq,
    did,
    time,
    rev,
    since: since ?? null,
    commit,
    prevData: toCidKey(prevData) ?? null,
    tooBig: body.tooBig === true,
    ops: repoOps,
    blocks,
  }
}

function readOp({ action, path, cid, prev }: Fields): RepoOp | undefined {
  const known = action === 'create' || action === 'update' || action === 'delete'
  const linked = (cid == null || toCidKey(cid)) && (prev == null || toCidKey(prev))
  if (!known || !linked || (action !== 'delete' && cid == null)) return undefined
  return { action, path: path as string, cid: toCidKey(cid) ?? null, prev: toCidKey(prev) ?? null }
}

function readAbout(type: '#sync' | '#identity' | '#account', body: Fields, filter: FrameFilter): Frame {
  const { seq, did } = body
  if (!isSeq(seq) || typeof did !== 'string') return malformed(`a ${type} without its fields`)
  if (!filter.tracks(did)) return { kind: 'skip', seq }
  const { time, rev, blocks, active, handle, status } = body
  if (!isValidDid(did) || typeof time !== 'string') return malformed(`a ${type} without its fields`)
  const about = { seq, did, time }
  if (type === '#identity') {
    return { kind: 'identity', ...about, handle: typeof handle === 'string' ? handle : undefined }
  }
  if (type === '#account' && typeof active === 'boolean') {
    return { kind: 'account', ...about, active, status: typeof status === 'string' ? status : undefined }
  }
  if (type === '#sync' && typeof rev === 'string' && blocks instanceof Uint8Array) {
    return { kind: 'sync', ...about, rev, blocks }
  }
  return malformed(`a ${type} without its fields`)
}

function malformed(reason: string): Frame {
  return { kind: 'malformed', reason }
}

function isFields(value: LexValue | undefined): value is LexValue & Fields {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array) &&
    !ifCid(value)
  )
}

function isSeq(value: LexValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function toCidKey(value: LexValue | undefined): CidKey | undefined {
  const cid = value == null ? undefined : ifCid(value)
  return cid ? cidKeyFromLex(cid) : undefined
}

function textOr(value: LexValue | undefined, fallback: string): string {
  return typeof value === 'string' ? value : fallback
}
