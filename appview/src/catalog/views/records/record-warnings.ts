import type { defs } from '@holdfast/lexicons'

/** What each warning means, and what to do about it. */
const messages: Readonly<Record<string, string>> = {
  'private-webseed-dropped':
    'A webseed points at a private address, which nobody else can reach; it is not used. Name a public address.',
  'private-tracker-dropped':
    'A tracker points at a private address, which nobody else can reach; it is not used.',
  'private-source-skipped': 'A source points at a private address and is not probed.',
  'invalid-webseed-dropped': 'A webseed is not an http or https address; it is not used.',
  'invalid-tracker-dropped': 'A tracker is not an http, https, udp, ws or wss address; it is not used.',
  'name-mismatch': 'The record’s name differs from the name inside the metainfo, which is shown.',
  'size-mismatch': 'The record’s sizeBytes differs from the metainfo’s, which is shown.',
  'piece-length-mismatch': 'The record’s pieceLengthBytes differs from the metainfo’s, which is shown.',
  'file-count-mismatch': 'The record’s fileCount differs from the metainfo’s, which is shown.',
  'infohash-added': 'The metainfo has another infohash besides the record’s; both are indexed.',
  'private-torrent':
    'The metainfo forbids other peer sources (BEP 27): it is served unchanged, without this server’s trackers.',
  'files-truncated': 'There are more files than are indexed; the metainfo has the rest.',
  'invalid-date': 'A date is not an EDTF string. It is shown as written, but cannot be searched.',
  'invalid-identifier': 'An identifier does not fit its scheme and is not used to find other descriptions.',
  'invalid-box': 'The bounding box is not four decimal degrees and cannot be searched.',
  'handle-invalid': 'The account’s handle does not resolve back to the account and is not shown.',
  'duplicate-content': 'The account has another torrent record for the same content.',
  'metainfo-retrying': 'The metainfo could not be fetched yet and will be tried again.',
}

/** Adds messages to warnings, which are stored as codes. */
export function toWarnings(codes: readonly string[]): defs.Warning[] {
  return codes.slice(0, 100).map((code) => ({ code, ...(messages[code] && { message: messages[code] }) }))
}
