import { hash } from 'node:crypto'
import { type CidKey, cidKeyOf, readCidKey } from '../cid-key.ts'
import { ARRAY, BYTES, CborStepper, knownKeys, NotCanonical, stepMap, UINT } from '../frame/cbor-step.ts'
import { VerifyError } from './verify-error.ts'

/** A node of a repository's Merkle search tree (atproto repository spec), keys unabridged. */
export type TreeNode = {
  readonly layer: number
  /** The subtree of the keys before the first entry. */
  readonly left: CidKey | null
  readonly entries: readonly TreeEntry[]
}

export type TreeEntry = {
  readonly path: string
  readonly value: CidKey
  /** The subtree of the keys between this entry and the next. */
  readonly right: CidKey | null
}

const PATH = /^[a-zA-Z0-9_~.:-]+\/[a-zA-Z0-9_~.:-]+$/
const MAX_PATH = 1_024
const MAX_ENTRIES = 50_000
const NODE_KEYS = knownKeys(['e', 'l'])
const ENTRY_KEYS = knownKeys(['k', 'p', 't', 'v'])
const NULL = '\xf6'
/** Tag 42, 37 bytes, of which the first is the multibase prefix of bytes. */
const LINK = '\xd8\x2a\x58\x25\0'

/** How high in the tree a path stands: half its hash's leading zero bits. */
export function layerOf(path: string): number {
  const known = layers.get(path)
  if (known !== undefined) return known
  if (layers.size >= MOST_LAYERS) layers.clear()
  const layer = readLayer(path)
  layers.set(path, layer)
  return layer
}

// The neighbours of a new record are in commit after commit of its repository.
const layers = new Map<string, number>()
const MOST_LAYERS = 20_000

function readLayer(path: string): number {
  const digest = hash('sha256', path, 'buffer')
  let zeros = 0
  for (const byte of digest) {
    zeros += Math.clz32(byte) - 24
    if (byte !== 0) break
  }
  return zeros >> 1
}

/**
 * Reads a node: canonical, paths valid and ascending, each at the layer its hash says. `layer` is known from the
 * parent; a root finds its own. Throws VerifyError.
 */
export function readTreeNode(bytes: Uint8Array, layer?: number): TreeNode {
  const stepper = new CborStepper()
  stepper.reset(bytes)
  const entries: TreeEntry[] = []
  let left: CidKey | null = null
  try {
    const present = stepMap(stepper, NODE_KEYS, (index) => {
      if (index === 1) left = readLink(stepper)
      else for (let count = stepper.expect(ARRAY); count > 0; count--) readEntry(stepper, entries)
    })
    if (present !== 0b11 || stepper.at !== bytes.length) throw malformed('fields are missing or too many')
  } catch (error) {
    if (error instanceof NotCanonical) throw malformed('it is not canonical DAG-CBOR')
    throw error
  }
  const first = entries[0]
  const own = layer ?? (first ? layerOf(first.path) : 0)
  if (layer === undefined && !first && left) throw malformed('its root holds no entry')
  if (layer !== undefined && !first && !left) throw malformed('a subtree is empty')
  if (own === 0 && (left || entries.some((entry) => entry.right)))
    throw malformed('the lowest layer has subtrees')
  for (const entry of entries)
    if (layerOf(entry.path) !== own) throw malformed(`${entry.path} is in a wrong layer`)
  return { layer: own, left, entries }
}

function readEntry(stepper: CborStepper, entries: TreeEntry[]): void {
  let [suffix, shared, right, value] = ['', 0, null as CidKey | null, null as CidKey | null]
  const present = stepMap(stepper, ENTRY_KEYS, (index) => {
    if (index === 0) {
      const start = stepper.take(stepper.expect(BYTES))
      suffix = latin1(stepper.bytes, start, stepper.at)
    } else if (index === 1) shared = stepper.expect(UINT)
    else if (index === 2) right = readLink(stepper)
    else value = readLink(stepper)
  })
  const before = entries.at(-1)?.path ?? ''
  const path = before.slice(0, shared) + suffix
  if (present !== 0b1111 || !value || shared > before.length) throw malformed('an entry is not one')
  if (path.length > MAX_PATH || !PATH.test(path) || path <= before)
    throw malformed('its paths are not in order')
  if (sharedLength(before, path) !== shared) throw malformed('a path is not abridged as it must be')
  if (entries.length >= MAX_ENTRIES) throw malformed(`a node has more than ${MAX_ENTRIES} entries`)
  entries.push({ path, value, right })
}

/** Writes a node in its one canonical form and names it. */
export function writeTreeNode(node: Omit<TreeNode, 'layer'>): { cid: CidKey; bytes: Buffer } {
  // One character a byte: paths and CIDs are kept so, and joining strings is cheaper than joining buffers.
  let text = `\xa2\x61e${head(ARRAY, node.entries.length)}`
  let before = ''
  for (const { path, value, right } of node.entries) {
    const shared = sharedLength(before, path)
    const key = `${head(BYTES, path.length - shared)}${path.slice(shared)}`
    text += `\xa4\x61k${key}\x61p${head(UINT, shared)}\x61t${link(right)}\x61v${link(value)}`
    before = path
  }
  const bytes = Buffer.from(`${text}\x61l${link(node.left)}`, 'latin1')
  return { cid: cidKeyOf(bytes), bytes }
}

/** The root of a repository without records. */
export const EMPTY_TREE: CidKey = writeTreeNode({ left: null, entries: [] }).cid

function sharedLength(a: string, b: string): number {
  const limit = Math.min(a.length, b.length)
  let length = 0
  while (length < limit && a.charCodeAt(length) === b.charCodeAt(length)) length++
  return length
}

function readLink(stepper: CborStepper): CidKey | null {
  const at = stepper.cidOrNull()
  return at < 0 ? null : readCidKey(stepper.bytes, at)!
}

function link(cid: CidKey | null): string {
  return cid === null ? NULL : `${LINK}${cid}`
}

function head(major: number, argument: number): string {
  const type = major << 5
  if (argument < 24) return String.fromCharCode(type | argument)
  if (argument < 0x100) return String.fromCharCode(type | 24, argument)
  return String.fromCharCode(type | 25, argument >> 8, argument & 0xff)
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1', start, end)
}

function malformed(what: string): VerifyError {
  return new VerifyError('malformed-tree', `not a usable tree node: ${what}`)
}
