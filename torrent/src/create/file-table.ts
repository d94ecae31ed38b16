/** A file to be hashed, in the form that `FileTable.at` returns. */
export interface SourceFile {
  /** The path under the torrent's root. */
  readonly path: readonly string[]
  readonly sizeBytes: number
  /** The letters of BEP 47. */
  readonly attributes: string
  /** The target under the torrent's root, for a symlink that is stored as a symlink. */
  readonly symlink: readonly string[] | null
}

export interface SourceDirectory {
  readonly diskPath: string
  readonly path: readonly string[]
  /** The state of the file when it was listed; null if the path itself was given. */
  readonly stamp: Stamp | null
}

/** The times that change with the content of a file or directory: a write changes both, and resetting one changes the other. */
export interface Stamp {
  readonly mtimeMs: number
  readonly ctimeMs: number
}

/** The state of a file when it was listed. */
export interface FileStat extends Stamp {
  readonly sizeBytes: number
  /** The inode number, which is rounded on file systems that use numbers above 2^53. */
  readonly inode: number
}

/**
 * The files of a tree in torrent order, stored outside the JavaScript heap with 40 bytes and a name each, because there
 * may be millions.
 */
export class FileTable {
  #directories: SourceDirectory[] = []
  #names = Buffer.alloc(1024)
  #nameEnds = new Float64Array(64)
  #directoryOf = new Uint32Array(64)
  #sizes = new Float64Array(64)
  #mtimes = new Float64Array(64)
  #ctimes = new Float64Array(64)
  #inodes = new Float64Array(64)
  #attributes = new Map<number, string>()
  #symlinks = new Map<number, readonly string[]>()
  length = 0
  sizeBytes = 0

  addDirectory(directory: SourceDirectory): number {
    return this.#directories.push(directory) - 1
  }

  add(directory: number, name: string, stat: FileStat & { readonly attributes?: string }): number {
    const index = this.length++
    if (index === this.#sizes.length) this.#grow()
    const start = this.#nameStart(index)
    const end = start + Buffer.byteLength(name)
    if (end > this.#names.length)
      this.#names = copied(this.#names, Buffer.alloc(Math.max(end, this.#names.length * 2)))
    this.#names.write(name, start)
    this.#nameEnds[index] = end
    this.#directoryOf[index] = directory
    this.#sizes[index] = stat.sizeBytes
    this.#mtimes[index] = stat.mtimeMs
    this.#ctimes[index] = stat.ctimeMs
    this.#inodes[index] = stat.inode
    if (stat.attributes) this.#attributes.set(index, stat.attributes)
    this.sizeBytes += stat.sizeBytes
    return index
  }

  setSymlink(index: number, target: readonly string[]): void {
    this.#symlinks.set(index, target)
  }

  sizeAt(index: number): number {
    return this.#sizes[index]!
  }

  statAt(index: number): FileStat {
    return {
      sizeBytes: this.#sizes[index]!,
      mtimeMs: this.#mtimes[index]!,
      ctimeMs: this.#ctimes[index]!,
      inode: this.#inodes[index]!,
    }
  }

  isSymlinkAt(index: number): boolean {
    return this.#symlinks.has(index)
  }

  get directories(): readonly SourceDirectory[] {
    return this.#directories
  }

  diskPathAt(index: number): string {
    return `${this.#directories[this.#directoryOf[index]!]!.diskPath}/${this.#nameAt(index)}`
  }

  at(index: number): SourceFile {
    return {
      path: [...this.#directories[this.#directoryOf[index]!]!.path, this.#nameAt(index)],
      sizeBytes: this.#sizes[index]!,
      attributes: this.#attributes.get(index) ?? '',
      symlink: this.#symlinks.get(index) ?? null,
    }
  }

  *[Symbol.iterator](): Generator<SourceFile> {
    for (let index = 0; index < this.length; index++) yield this.at(index)
  }

  #nameAt(index: number): string {
    return this.#names.toString('utf8', this.#nameStart(index), this.#nameEnds[index])
  }

  #nameStart(index: number): number {
    return index === 0 ? 0 : this.#nameEnds[index - 1]!
  }

  #grow(): void {
    const length = this.#sizes.length * 2
    this.#nameEnds = copied(this.#nameEnds, new Float64Array(length))
    this.#directoryOf = copied(this.#directoryOf, new Uint32Array(length))
    this.#sizes = copied(this.#sizes, new Float64Array(length))
    this.#mtimes = copied(this.#mtimes, new Float64Array(length))
    this.#ctimes = copied(this.#ctimes, new Float64Array(length))
    this.#inodes = copied(this.#inodes, new Float64Array(length))
  }
}

function copied<Column extends { set(from: Column): void }>(from: Column, to: Column): Column {
  to.set(from)
  return to
}
