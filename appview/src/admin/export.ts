import { createWriteStream } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { exportMetainfo, exportRecords } from '../catalog/read/export.ts'
import type { Db } from '../store/sql.ts'

export interface ExportOptions {
  /** The file to write; without it the lines go to `stdout`. */
  file?: string | undefined
  /** A folder for the `.torrent` files, each named by its infohash. */
  torrents?: string | undefined
  /** Only records of this kind. */
  kind?: string | undefined
  stdout: Writable
}

/** Writes what the index shows as JSON lines, `{uri, cid, indexedAt, record}`, and the `.torrent` files beside it. */
export async function exportIndex(
  db: Db,
  options: ExportOptions,
): Promise<{ records: number; torrents: number }> {
  let records = 0
  async function* lines() {
    for await (const record of exportRecords(db, options.kind)) {
      records++
      yield `${JSON.stringify(record)}\n`
    }
  }
  if (options.file === undefined) await pipeline(Readable.from(lines()), options.stdout, { end: false })
  else await pipeline(Readable.from(lines()), createWriteStream(options.file))
  const torrents = options.torrents === undefined ? 0 : await writeTorrents(db, options.torrents)
  return { records, torrents }
}

async function writeTorrents(db: Db, folder: string): Promise<number> {
  await mkdir(folder, { recursive: true })
  let count = 0
  for await (const { infoHash, bytes } of exportMetainfo(db)) {
    await writeFile(join(folder, `${infoHash}.torrent`), bytes)
    count++
  }
  return count
}
