import { counted } from '@holdfast/runtime/counted'
import { checksumsInHeaders, s3EtagChecksum } from './checksums.ts'
import type { KnownFile, RemoteFile, Version } from './remote-file.ts'
import type { Web, WebAnswer } from './web.ts'

/** What a server says about a file, or why it does not give it. */
export type Look = { readonly known: KnownFile } | { readonly problem: string }

/** Statuses with which servers refuse HEAD but not GET, such as those behind links that are signed for GET. */
const refusesHead = new Set([400, 401, 403, 404, 405, 501])

/** Asks for a file's length and validators, by HEAD or, where that is refused, by a GET of one byte. */
export async function look(file: RemoteFile, web: Web): Promise<Look> {
  let answer = await web.head(file.url)
  if (refusesHead.has(answer.status) || (answer.status === 200 && lengthOf(answer) === undefined))
    answer = await web.peek(file.url)
  const { status, headers } = answer
  if (status !== 200 && status !== 206 && !isEmptyFile(answer))
    return { problem: `the server answers ${status}` }
  const encoding = headers.get('content-encoding')
  if (encoding && encoding !== 'identity')
    return { problem: `the server sends it only in the encoding ${encoding}` }
  const sizeBytes = lengthOf(answer)
  if (sizeBytes === undefined) return { problem: 'the server does not say how long it is' }
  // A bucket's listing may be older than the object.
  if (!file.isS3 && file.sizeBytes !== undefined && file.sizeBytes !== sizeBytes)
    return {
      problem: `its origin says that it has ${counted(file.sizeBytes, 'byte')}, and the server ${sizeBytes}`,
    }
  const header = (name: string) => headers.get(name)
  // Of one byte, the headers may have the checksum of that byte.
  const found = status === 206 ? [] : checksumsInHeaders(header)
  const etag = file.isS3 ? s3EtagChecksum(header) : []
  return {
    known: {
      ...file,
      ...versionOf(answer),
      sizeBytes,
      checksums: [...(file.checksums ?? []), ...found, ...etag],
      takesRanges: status === 206 || /\bbytes\b/.test(headers.get('accept-ranges') ?? ''),
    },
  }
}

/** What tells a change of the file, as it is now. */
export function versionOf(answer: WebAnswer): Version {
  return {
    sizeBytes: lengthOf(answer),
    etag: answer.headers.get('etag') ?? undefined,
    lastModified: answer.headers.get('last-modified') ?? undefined,
  }
}

function lengthOf(answer: WebAnswer): number | undefined {
  const { status, headers } = answer
  if (isEmptyFile(answer)) return 0
  const text =
    status === 206
      ? /^bytes \d+-\d+\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1]
      : headers.get('content-length')
  return text && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

/** An empty file has no first byte. */
function isEmptyFile({ status, headers }: WebAnswer): boolean {
  return status === 416 && headers.get('content-range') === 'bytes */0'
}
