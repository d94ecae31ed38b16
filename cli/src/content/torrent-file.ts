import { readFile } from 'node:fs/promises'
import { type Metainfo, MetainfoError, MetainfoLimitError, parseMetainfo } from '@holdfast/torrent/metainfo'
import { CommandError } from '../command-error.ts'
import { reasonOf } from '../reason-of.ts'

/** Limits for a `.torrent` that is fetched from an address. */
export const torrentFetchLimits = { timeoutMs: 120_000, maxBytes: 256 * 2 ** 20 }

/** Reads and checks a `.torrent`; throws a CommandError with the field and the reason. */
export async function readTorrentFile(path: string): Promise<Metainfo> {
  let bytes: Uint8Array
  try {
    bytes = await readFile(path)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT')
      throw new CommandError(
        'notFound',
        `${path} is neither a file here nor an AT-URI, infohash, magnet link or http(s) address of a .torrent.`,
        { cause },
      )
    if (code === 'EISDIR')
      throw new CommandError('usage', `${path} is a directory; name a .torrent file.`, { cause })
    throw new CommandError('failure', message, { cause })
  }
  return parse(bytes, path)
}

/**
 * Fetches and checks a `.torrent`. Throws a CommandError that says whether the address, its server or the answer is at
 * fault.
 * @param fetch a `fetch` with limits of its own, such as {@link torrentFetchLimits}
 */
export async function fetchTorrentFile(url: string, fetch: typeof globalThis.fetch): Promise<Metainfo> {
  let bytes: Uint8Array
  try {
    const answer = await fetch(url, { headers: { accept: 'application/x-bittorrent, */*;q=0.1' } })
    if (!answer.ok) {
      await answer.body?.cancel()
      const kind = answer.status === 404 || answer.status === 410 ? 'notFound' : 'network'
      throw new CommandError(kind, `${url} answers ${answer.status}.`)
    }
    bytes = new Uint8Array(await answer.arrayBuffer())
  } catch (cause) {
    if (cause instanceof CommandError) throw cause
    throw new CommandError('network', `${url} cannot be fetched: ${reasonOf(cause)}`, { cause })
  }
  if (/^\s*</.test(Buffer.from(bytes.subarray(0, 100)).toString('latin1')))
    throw new CommandError(
      'failure',
      `${url} is a web page, not a .torrent; give the address of its download link.`,
    )
  return parse(bytes, url)
}

function parse(bytes: Uint8Array, place: string): Metainfo {
  try {
    return parseMetainfo(bytes)
  } catch (cause) {
    if (cause instanceof MetainfoError)
      throw new CommandError(
        'failure',
        cause instanceof MetainfoLimitError
          ? `${place}: ${cause.message}`
          : `${place} is not a .torrent: ${cause.message.replace(/^file: is /, 'it is ')}`,
        { cause },
      )
    throw cause
  }
}
