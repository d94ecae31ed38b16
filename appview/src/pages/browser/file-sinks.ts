import type { MetainfoFile } from '@holdfast/torrent/metainfo'

/** A place to write checked bytes to. */
export interface FileSink {
  /** Creates the file, so that empty files exist too. */
  open(file: MetainfoFile): Promise<void>
  write(file: MetainfoFile, at: number, bytes: Uint8Array<ArrayBuffer>): Promise<void>
  /** Closes all files; returns those that are only in memory, so that the person can save them. */
  finish(): Promise<{ name: string; url: string }[]>
}

/** Writes into a folder that the person chose; the parser of the torrent has checked that no path leaves it. */
export function folderSink(root: FileSystemDirectoryHandle): FileSink {
  const streams = new Map<MetainfoFile, FileSystemWritableFileStream>()
  return {
    async open(file) {
      let folder = root
      for (const name of file.path.slice(0, -1))
        folder = await folder.getDirectoryHandle(name, { create: true })
      const handle = await folder.getFileHandle(file.path.at(-1)!, { create: true })
      streams.set(file, await handle.createWritable())
    },
    async write(file, position, data) {
      await streams.get(file)!.write({ type: 'write', position, data })
      // Close each file when it is complete, since a torrent may have a million.
      if (position + data.length < file.sizeBytes) return
      await streams.get(file)!.close()
      streams.delete(file)
    },
    async finish() {
      for (const stream of streams.values()) await stream.close()
      return []
    },
  }
}

/** Keeps files in memory until the end. */
export function memorySink(): FileSink {
  const files = new Map<MetainfoFile, Uint8Array<ArrayBuffer>>()
  return {
    async open(file) {
      files.set(file, new Uint8Array(file.sizeBytes))
    },
    async write(file, at, bytes) {
      files.get(file)!.set(bytes, at)
    },
    async finish() {
      return [...files].map(([{ path }, bytes]) => ({
        name: path.at(-1)!,
        url: URL.createObjectURL(new Blob([bytes])),
      }))
    },
  }
}
