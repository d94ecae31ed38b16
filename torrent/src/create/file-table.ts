/** A file to be hashed; what `FileTable.at` puts together. */
export interface SourceFile {
  /** Under the torrent's root. */
  readonly path: readonly string[]
  readonly sizeBytes: number
  readonly mtimeMs: number
  /** BEP 47 letters. */
  readonly attributes: string
  /** Target under the torrent's root, for a symlink that is kept as one. */
  readonly symlink: readonly string[] | null
}

export interface SourceDirectory {
  readonly diskPath: string
  readonly path: readonly string[]
}

/** The files of a tree in torrent order, outside the heap: 24 bytes and a name each, for there may be millions. */
export class FileTable {
  #directories: SourceDirectory[] = []
  #names = Buffer.alloc(1024)
  #nameEnds = new Float64Array(64)
  #directoryOf = new Uint32Array(64)
  #sizes = new Float64Array(64)
  #mtimes = new Float64Array(64)
  #attributes = new Map<number, string>()
  #symlinks = new Map<number, readonly string[]>()
  length = 0
  sizeBytes = 0

  addDirectory(directory: SourceDirectory): number {
    return this.#directories.push(directory) - 1
  }

  add(
    directory: number,
    name: string,
    stat: { sizeBytes: number; mtimeMs: number; attributes?: string },
  ): number {
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

  mtimeAt(index: number): number {
    return this.#mtimes[index]!
  }

  diskPathAt(index: number): string {
    return `${this.#directories[this.#directoryOf[index]!]!.diskPath}/${this.#nameAt(index)}`
  }

  at(index: number): SourceFile {
    return {
      path: [...this.#directories[this.#directoryOf[index]!]!.path, this.#nameAt(index)],
      sizeBytes: this.#sizes[index]!,
      mtimeMs: this.#mtimes[index]!,
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
  }
}

function copied<Column extends { set(from: Column): void }>(from: Column, to: Column): Column {
  to.set(from)
  return to
}
