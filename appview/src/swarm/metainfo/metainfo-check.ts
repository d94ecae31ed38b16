import { type Metainfo, MetainfoError, MetainfoLimitError, parseMetainfo } from '@holdfast/torrent/metainfo'
import type { ContentFacts } from '../../catalog/contents.ts'
import { namesPrivateHost } from '../../outbound/public-host.ts'
import type { NamedAddresses } from '../probes/named-addresses.ts'

/** What a torrent record claims, as far as its metainfo can prove it. */
export interface TorrentClaims {
  infoHashV1?: string | undefined
  infoHashV2?: string | undefined
  name: string
  sizeBytes?: number | undefined
  webseeds?: { url: string }[] | undefined
  trackers?: { url: string }[] | undefined
}

export type MetainfoVerdict =
  | { ok: true; facts: ContentFacts; warnings: string[]; named: NamedAddresses }
  | { ok: false; reason: 'metainfo-invalid' | 'metainfo-too-large' | 'infohash-mismatch'; detail: string }

export interface CheckLimits {
  /** The most files of a torrent that are indexed; the stored metainfo has all of them. */
  indexedFiles: number
  /** The most characters of their paths together, since each path repeats directories that the file tree names only once. */
  indexedPathLength?: number
  maxFiles: number
  allowPrivateHosts: boolean
}

/** Compares a `.torrent` with the record that names it: every infohash in the record must be that of the file. */
export function checkMetainfo(
  bytes: Uint8Array,
  claims: TorrentClaims,
  limits: CheckLimits,
): MetainfoVerdict {
  const parsed = tryParse(bytes, limits.maxFiles)
  if ('reason' in parsed) return parsed
  for (const key of ['infoHashV1', 'infoHashV2'] as const) {
    const claimed = claims[key]?.toLowerCase()
    if (claimed === undefined || claimed === parsed[key]) continue
    const found = parsed[key] ?? 'none of that version'
    return {
      ok: false,
      reason: 'infohash-mismatch',
      detail: `${key}: the record says ${claimed}, the metainfo has ${found}`,
    }
  }
  return {
    ok: true,
    facts: toFacts(parsed, limits),
    warnings: warningsOf(parsed, claims, limits),
    named: namedIn(parsed),
  }
}

function tryParse(bytes: Uint8Array, maxFiles: number): Metainfo | Extract<MetainfoVerdict, { ok: false }> {
  try {
    return parseMetainfo(bytes, { maxFiles })
  } catch (error) {
    if (!(error instanceof MetainfoError)) throw error
    const reason = error instanceof MetainfoLimitError ? 'metainfo-too-large' : 'metainfo-invalid'
    return { ok: false, reason, detail: error.message }
  }
}

/** Four times the characters of ten thousand paths of a large real torrent. */
const defaultIndexedPathLength = 4_000_000

function toFacts(
  metainfo: Metainfo,
  { indexedFiles, indexedPathLength = defaultIndexedPathLength }: CheckLimits,
): ContentFacts {
  const files: { path: string; sizeBytes: number; piecesRoot: string | null }[] = []
  let left = indexedPathLength
  for (const { path: elements, sizeBytes, piecesRoot } of metainfo.iterateFiles()) {
    const path = elements.join('/')
    left -= path.length
    if (files.length >= indexedFiles || left < 0) break
    files.push({ path, sizeBytes, piecesRoot })
  }
  const { infoHashV1, infoHashV2, name, sizeBytes, pieceLengthBytes, fileCount } = metainfo
  return {
    infoHashV1,
    infoHashV2,
    name,
    sizeBytes,
    pieceLengthBytes,
    fileCount,
    private: metainfo.private,
    files,
  }
}

const maxNamed = 50

function namedIn(metainfo: Metainfo): NamedAddresses {
  if (metainfo.private) return { trackers: [], webseeds: [] }
  return {
    trackers: metainfo.trackers.slice(0, maxNamed).map(({ url }) => url),
    webseeds: metainfo.webseeds.slice(0, maxNamed).map(({ url, kind }) => ({ url, kind })),
  }
}

function warningsOf(metainfo: Metainfo, claims: TorrentClaims, limits: CheckLimits): string[] {
  const warnings = new Set<string>()
  const isPrivate = ({ url }: { url: string }) => !limits.allowPrivateHosts && namesPrivateHost(url)
  if ([...(claims.webseeds ?? []), ...metainfo.webseeds].some(isPrivate))
    warnings.add('private-webseed-dropped')
  if ([...(claims.trackers ?? []), ...metainfo.trackers].some(isPrivate))
    warnings.add('private-tracker-dropped')
  if (claims.name !== metainfo.name) warnings.add('name-mismatch')
  if (claims.sizeBytes !== undefined && claims.sizeBytes !== metainfo.sizeBytes) warnings.add('size-mismatch')
  if (metainfo.private) warnings.add('private-torrent')
  return [...warnings]
}
