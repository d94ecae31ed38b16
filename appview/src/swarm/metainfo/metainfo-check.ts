import { type Metainfo, MetainfoError, parseMetainfo } from '@holdfast/torrent/metainfo'
import type { ContentFacts } from '../../catalog/writes/content-writes.ts'
import { namesPrivateHost } from '../private-host.ts'

/** What a torrent record claims, as far as its metainfo can prove it. */
export interface TorrentClaims {
  infoHashV1?: string | undefined
  infoHashV2?: string | undefined
  name: string
  sizeBytes?: number | undefined
  webSeeds?: { url: string }[] | undefined
  trackers?: { url: string }[] | undefined
}

export type MetainfoVerdict =
  | { ok: true; facts: ContentFacts; warnings: string[]; named: NamedAddresses }
  | { ok: false; reason: 'metainfo-invalid' | 'infohash-mismatch' | 'quota-files'; detail: string }

/** Addresses that the metainfo itself names, as they stand there. A private torrent's are its own business. */
export interface NamedAddresses {
  trackers: string[]
  webSeeds: { url: string; kind: string }[]
}

export interface CheckLimits {
  /** Files indexed of one torrent; the stored metainfo has the rest. */
  indexedFiles: number
  maxFiles: number
  allowPrivateHosts: boolean
}

/** Holds a `.torrent` against the record that names it: every infohash the record claims must be the file's own. */
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
    facts: toFacts(parsed, limits.indexedFiles),
    warnings: warningsOf(parsed, claims, limits),
    named: namedIn(parsed),
  }
}

function tryParse(bytes: Uint8Array, maxFiles: number): Metainfo | Extract<MetainfoVerdict, { ok: false }> {
  try {
    return parseMetainfo(bytes, { maxFiles })
  } catch (error) {
    if (!(error instanceof MetainfoError)) throw error
    return { ok: false, reason: 'metainfo-invalid', detail: error.message }
  }
}

function toFacts(metainfo: Metainfo, indexedFiles: number): ContentFacts {
  const files: { path: string; sizeBytes: number; piecesRoot: string | null }[] = []
  for (const file of metainfo.iterateFiles()) {
    if (files.length >= indexedFiles) break
    files.push({ path: file.path.join('/'), sizeBytes: file.sizeBytes, piecesRoot: file.piecesRoot })
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
  if (metainfo.private) return { trackers: [], webSeeds: [] }
  return {
    trackers: metainfo.trackers.slice(0, maxNamed).map(({ url }) => url),
    webSeeds: metainfo.webSeeds.slice(0, maxNamed).map(({ url, kind }) => ({ url, kind })),
  }
}

function warningsOf(metainfo: Metainfo, claims: TorrentClaims, limits: CheckLimits): string[] {
  const warnings = new Set<string>()
  const isPrivate = ({ url }: { url: string }) => !limits.allowPrivateHosts && namesPrivateHost(url)
  if ([...(claims.webSeeds ?? []), ...metainfo.webSeeds].some(isPrivate))
    warnings.add('private-webseed-dropped')
  if ([...(claims.trackers ?? []), ...metainfo.trackers].some(isPrivate))
    warnings.add('private-tracker-dropped')
  if (claims.name !== metainfo.name) warnings.add('name-mismatch')
  if (claims.sizeBytes !== undefined && claims.sizeBytes !== metainfo.sizeBytes) warnings.add('size-mismatch')
  if (metainfo.private) warnings.add('private-torrent')
  return [...warnings]
}
