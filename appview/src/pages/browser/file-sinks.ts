import type { MetainfoFile } from '@holdfast/torrent/metainfo'

/** Where checked bytes go. */
export interface FileSink {
  /** Makes the file, so that empty ones exist too. */
  open(file: MetainfoFile): Promise<void>
  write(file: MetainfoFile, at: number, bytes: Uint8Array<ArrayBuffer>): Promise<void>
  /** Closes everything; what is only in memory is returned to be saved by hand. */
  finish(): Promise<{ name: string; url: string }[]>
}

/** Writes into a folder that the person chose; the parser has made sure that no path climbs out of it. */
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
      // A million files must not be open at once.
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

/** Holds files in memory until the end. */
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
