import { hash } from 'node:crypto'
import { type CidKey, cidKeyOf, readCidKey } from '../cid-key.ts'
import {
  array,
  byteString,
  CborStepper,
  knownKeys,
  NotCanonicalError,
  stepMap,
  uint,
} from '../frame/cbor-step.ts'
import { VerifyError } from './verify-error.ts'

/** A node of a repository's Merkle search tree (atproto repository spec), with complete keys. */
export interface TreeNode {
  readonly layer: number
  /** The subtree of the keys before the first entry. */
  readonly left: CidKey | null
  readonly entries: readonly TreeEntry[]
}

export interface TreeEntry {
  readonly path: string
  readonly value: CidKey
  /** The subtree of the keys between this entry and the next. */
  readonly right: CidKey | null
}

const pathKey = /^[a-zA-Z0-9_~.:-]+\/[a-zA-Z0-9_~.:-]+$/
const maxPath = 1_024
const maxEntries = 50_000
const nodeKeys = knownKeys(['e', 'l'])
const entryKeys = knownKeys(['k', 'p', 't', 'v'])
const nullByte = '\xf6'
/** The beginning of a CID link: tag 42, a byte string of 37 bytes, and the multibase prefix of binary. */
const linkTag = '\xd8\x2a\x58\x25\0'

/** The layer of a path in the tree: half the number of leading zero bits of its hash. */
export function layerOf(path: string): number {
  const known = layers.get(path)
  if (known !== undefined) return known
  if (layers.size >= mostLayers) layers.clear()
  const layer = readLayer(path)
  layers.set(path, layer)
  return layer
}

// Remembers layers, since the neighbors of a new record are in many commits of its repository.
const layers = new Map<string, number>()
const mostLayers = 20_000

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
 * Reads a node, which must be canonical, with valid, ascending paths that all belong to its layer. `layer` is known from the
 * parent; for a root it is found from its paths. Throws VerifyError.
 */
export function readTreeNode(bytes: Uint8Array, layer?: number): TreeNode {
  const stepper = new CborStepper()
  stepper.reset(bytes)
  const entries: TreeEntry[] = []
  let left: CidKey | null = null
  try {
    const present = stepMap(stepper, nodeKeys, (index) => {
      if (index === 1) left = readLink(stepper)
      else for (let count = stepper.expect(array); count > 0; count--) readEntry(stepper, entries)
    })
    if (present !== 0b11 || stepper.at !== bytes.length) throw malformed('fields are missing or too many')
  } catch (error) {
    if (error instanceof NotCanonicalError) throw malformed('it is not canonical DAG-CBOR')
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
  const present = stepMap(stepper, entryKeys, (index) => {
    if (index === 0) {
      const start = stepper.take(stepper.expect(byteString))
      suffix = latin1(stepper.bytes, start, stepper.at)
    } else if (index === 1) shared = stepper.expect(uint)
    else if (index === 2) right = readLink(stepper)
    else value = readLink(stepper)
  })
  const before = entries.at(-1)?.path ?? ''
  const path = before.slice(0, shared) + suffix
  if (present !== 0b1111 || !value || shared > before.length) throw malformed('an entry is not one')
  if (path.length > maxPath || !pathKey.test(path) || path <= before)
    throw malformed('its paths are not in order')
  if (sharedLength(before, path) !== shared) throw malformed('a path is not abridged as it must be')
  if (entries.length >= maxEntries) throw malformed(`a node has more than ${maxEntries} entries`)
  entries.push({ path, value, right })
}

/** Writes a node in its canonical form, and computes its CID. */
export function writeTreeNode(node: Omit<TreeNode, 'layer'>): { cid: CidKey; bytes: Buffer } {
  // Use strings with one character for each byte, as paths and CIDs are kept; joining them is cheaper than joining buffers.
  let text = `\xa2\x61e${head(array, node.entries.length)}`
  let before = ''
  for (const { path, value, right } of node.entries) {
    const shared = sharedLength(before, path)
    const key = `${head(byteString, path.length - shared)}${path.slice(shared)}`
    text += `\xa4\x61k${key}\x61p${head(uint, shared)}\x61t${link(right)}\x61v${link(value)}`
    before = path
  }
  const bytes = Buffer.from(`${text}\x61l${link(node.left)}`, 'latin1')
  return { cid: cidKeyOf(bytes), bytes }
}

/** The root of a repository without records. */
export const emptyTree: CidKey = writeTreeNode({ left: null, entries: [] }).cid

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
  return cid === null ? nullByte : `${linkTag}${cid}`
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
