import type { CidKey } from '../cid-key.ts'
import type { Blocks } from './car-slice.ts'
import { emptyTree, layerOf, readTreeNode, writeTreeNode } from './tree-node.ts'
import { VerifyError } from './verify-error.ts'

/**
 * The part of a repository's tree that came with a commit. Of other subtrees only the CID is known, and reading one is a
 * `missing-block`. The tree can be changed and gives its new root, so the operations of a commit can be undone and the result
 * compared with the root before it.
 */
export interface PartialTree {
  /** The record at a path; undefined when the tree proves that there is none. */
  get(path: string): CidKey | undefined
  insert(path: string, value: CidKey): void
  replace(path: string, value: CidKey): void
  remove(path: string): void
  /** The root as it is now. */
  root(): CidKey
}

interface Entry {
  path: string
  value: CidKey
  right: Subtree
}
interface Node {
  layer: number
  left: Subtree
  entries: Entry[]
}
/** A subtree: absent, known by its CID, or loaded. `cid` is removed when the node changes. */
type Subtree = { cid: CidKey | undefined; node: Node | undefined } | null

/** Opens the tree under `data`, reading nodes from `blocks` as they are needed. Throws VerifyError. */
export function openPartialTree(data: CidKey, blocks: Blocks): PartialTree {
  const loader: Loader = (subtree, layer) => (subtree.node ??= loadNode(subtree.cid!, blocks, layer))
  const edit = new TreeEdit(loader)
  let root: Subtree = data === emptyTree ? null : { cid: data, node: undefined }
  return {
    get: (path) => edit.find(root, path)?.value,
    insert(path, value) {
      if (edit.find(root, path)) throw new VerifyError('bad-proof', `${path} is already in the tree`)
      root = edit.insert(root, path, value)
    },
    replace(path, value) {
      if (!edit.change(root, path, (entry) => (entry.value = value))) throw absent(path)
    },
    remove(path) {
      if (!edit.find(root, path)) throw absent(path)
      root = edit.trim(edit.remove(root, path))
    },
    root: () => (root ? rootOf(root) : emptyTree),
  }
}

type Loader = (subtree: NonNullable<Subtree>, layer?: number) => Node

class TreeEdit {
  readonly #load: Loader
  constructor(load: Loader) {
    this.#load = load
  }

  find(root: Subtree, path: string): Entry | undefined {
    const layer = layerOf(path)
    let at = root
    let expected: number | undefined
    while (at) {
      const node = this.#load(at, expected)
      if (node.layer < layer) return undefined
      const index = lowerBound(node.entries, path)
      const entry = node.entries[index]
      if (entry?.path === path) return entry
      if (node.layer === layer) return undefined
      at = index === 0 ? node.left : node.entries[index - 1]!.right
      expected = node.layer - 1
    }
    return undefined
  }

  /** Applies `change` to the entry and forgets the CIDs above it. */
  change(at: Subtree, path: string, change: (entry: Entry) => void, layer?: number): boolean {
    if (!at) return false
    const node = this.#load(at, layer)
    const index = lowerBound(node.entries, path)
    const entry = node.entries[index]
    if (entry?.path === path) change(entry)
    else {
      const below = index === 0 ? node.left : node.entries[index - 1]!.right
      if (!this.change(below, path, change, node.layer - 1)) return false
    }
    at.cid = undefined
    return true
  }

  remove(at: Subtree, path: string, layer?: number): Subtree {
    const node = this.#load(at!, layer)
    at!.cid = undefined
    const index = lowerBound(node.entries, path)
    const before = index === 0 ? node.left : node.entries[index - 1]!.right
    const entry = node.entries[index]
    const found = entry?.path === path
    const merged = found
      ? this.#merge(before, entry.right, node.layer - 1)
      : this.remove(before, path, node.layer - 1)
    if (found) node.entries.splice(index, 1)
    if (index === 0) node.left = merged
    else node.entries[index - 1]!.right = merged
    return node.entries.length === 0 && !node.left ? null : at
  }

  /** Replaces a root without entries by the subtree under it. */
  trim(root: Subtree): Subtree {
    let at = root
    let layer: number | undefined
    while (at) {
      const node = this.#load(at, layer)
      if (node.entries.length > 0) return at
      at = node.left
      layer = node.layer - 1
    }
    return null
  }

  insert(root: Subtree, path: string, value: CidKey): Subtree {
    const layer = layerOf(path)
    const top = root ? this.#load(root).layer : layer
    if (!root || layer > top) {
      const { left, right } = this.#split(root, path, top)
      const entry = { path, value, right: wrap(right, top, layer - 1) }
      return fresh({ layer, left: wrap(left, top, layer - 1), entries: [entry] })
    }
    return this.#insertBelow(root, { path, value, layer }, top)
  }

  #insertBelow(at: Subtree, added: { path: string; value: CidKey; layer: number }, layer: number): Subtree {
    if (!at && layer > added.layer) {
      return fresh({ layer, left: this.#insertBelow(null, added, layer - 1), entries: [] })
    }
    const subtree = at ?? fresh({ layer, left: null, entries: [] })
    const node = this.#load(subtree, layer)
    subtree.cid = undefined
    const index = lowerBound(node.entries, added.path)
    const between = index === 0 ? node.left : node.entries[index - 1]!.right
    let below: Subtree
    if (layer === added.layer) {
      const { left, right } = this.#split(between, added.path, layer - 1)
      node.entries.splice(index, 0, { path: added.path, value: added.value, right })
      below = left
    } else below = this.#insertBelow(between, added, layer - 1)
    if (index === 0) node.left = below
    else node.entries[index - 1]!.right = below
    return subtree
  }

  #merge(a: Subtree, b: Subtree, layer: number): Subtree {
    if (!a || !b) return a ?? b
    const first = this.#load(a, layer)
    const second = this.#load(b, layer)
    const last = first.entries.at(-1)
    const between = this.#merge(last ? last.right : first.left, second.left, layer - 1)
    const entries = [...first.entries, ...second.entries]
    if (last) last.right = between
    return fresh({ layer, left: last ? first.left : between, entries })
  }

  #split(at: Subtree, path: string, layer: number): { left: Subtree; right: Subtree } {
    if (!at) return { left: null, right: null }
    const node = this.#load(at, layer)
    const index = lowerBound(node.entries, path)
    const between = index === 0 ? node.left : node.entries[index - 1]!.right
    const below = this.#split(between, path, layer - 1)
    const before = node.entries.slice(0, index)
    if (index > 0) before[index - 1]!.right = below.left
    return {
      left: orNothing({ layer, left: index === 0 ? below.left : node.left, entries: before }),
      right: orNothing({ layer, left: below.right, entries: node.entries.slice(index) }),
    }
  }
}

function loadNode(cid: CidKey, blocks: Blocks, layer: number | undefined): Node {
  const bytes = blocks.get(cid)
  if (!bytes)
    throw new VerifyError('missing-block', 'the part of the tree that proves this is not in the CAR')
  const node = readTreeNode(bytes, layer)
  return {
    layer: node.layer,
    left: stub(node.left),
    entries: node.entries.map(({ path, value, right }) => ({ path, value, right: stub(right) })),
  }
}

function rootOf(subtree: NonNullable<Subtree>): CidKey {
  if (subtree.cid) return subtree.cid
  const { left, entries } = subtree.node!
  const { cid } = writeTreeNode({
    left: left && rootOf(left),
    entries: entries.map(({ path, value, right }) => ({ path, value, right: right && rootOf(right) })),
  })
  subtree.cid = cid
  return cid
}

/** Lifts a subtree to a higher layer, by nodes that contain nothing else. */
function wrap(subtree: Subtree, from: number, to: number): Subtree {
  let at = subtree
  for (let layer = from + 1; at && layer <= to; layer++) at = fresh({ layer, left: at, entries: [] })
  return at
}

function orNothing(node: Node): Subtree {
  return node.left || node.entries.length > 0 ? fresh(node) : null
}

function fresh(node: Node): NonNullable<Subtree> {
  return { cid: undefined, node }
}

function stub(cid: CidKey | null): Subtree {
  return cid && { cid, node: undefined }
}

/** The index of the first entry whose path is not before `path`. */
function lowerBound(entries: readonly Entry[], path: string): number {
  let [low, high] = [0, entries.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (entries[middle]!.path < path) low = middle + 1
    else high = middle
  }
  return low
}

function absent(path: string): VerifyError {
  return new VerifyError('bad-proof', `${path} is not in the tree`)
}
