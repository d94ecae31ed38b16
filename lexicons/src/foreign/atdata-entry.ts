/** Maps the fields of atdata's `entry` lexicon (github.com/forecast-bio/atdata-lexicon) to those of a dataset record. */

type Fields = Readonly<Record<string, unknown>>

/** Shards become sources; a dataset may have thousands of shards, of which a few are enough. */
const mostSources = 50

/** Maps an entry to a dataset record. The caller validates the values; anything that is not a text or number is left out. */
export function mapAtdataEntry(entry: Fields): Fields {
  const sources = sourcesOf(fields(entry.storage)).slice(0, mostSources)
  const { bytes } = fields(entry.size)
  return present({
    title: entry.name,
    createdAt: entry.createdAt,
    description: entry.description,
    keywords: list(entry.tags).map((name) => ({ name })),
    license: typeof entry.license === 'string' ? licenseOf(entry.license.trim()) : undefined,
    sizeBytes: bytes,
    // The lexicon has one form of storage: tar archives in the WebDataset format.
    formats: sources.length > 0 ? [{ mediaType: 'application/x-tar' }] : [],
    sources,
  })
}

/**
 * The sources of an entry. Keys are the names of atdata's storage objects; `urls` belongs to the lexicon's first
 * version and may contain patterns.
 */
function sourcesOf(storage: Fields): Fields[] {
  const shards = list(storage.shards).map(fields)
  if (typeof storage.bucket === 'string') {
    const root = typeof storage.endpoint === 'string' ? trimSlash(storage.endpoint) : 's3:/'
    return shards.map(({ key, checksum }) =>
      source(`${root}/${storage.bucket}/${String(key ?? '')}`, 's3', checksum),
    )
  }
  return [
    ...shards.map(({ url, checksum }) => source(url, 'http', checksum)),
    ...list(storage.urls)
      .filter(isAddress)
      .map((url) => source(url, 'http')),
  ]
}

function isAddress(url: unknown): boolean {
  return typeof url === 'string' && !/[{}]/.test(url)
}

function source(url: unknown, kind: string, checksum?: unknown): Fields {
  const { algorithm, digest } = fields(checksum)
  const isChecksum = typeof algorithm === 'string' && typeof digest === 'string'
  return present({
    url,
    kind,
    checksums: isChecksum
      ? [{ algorithm: algorithm.toLowerCase().replace(/^sha(\d)/, 'sha-$1'), value: digest.toLowerCase() }]
      : [],
  })
}

/** The lexicon says: "License identifier or URL. SPDX identifiers recommended … or full SPDX URLs". */
function licenseOf(text: string): Fields | undefined {
  if (text === '') return undefined
  const spdx = /^https?:\/\/spdx\.org\/licenses\/([\w.+-]+?)(?:\.html|\.json)?$/i.exec(text)?.[1]
  if (spdx) return { spdx }
  if (/^https?:\/\//i.test(text)) return { url: text }
  return /^[A-Za-z\d.+-]+(?: (?:AND|OR|WITH) [A-Za-z\d.+-]+)*$/.test(text) ? { spdx: text } : { text }
}

function present(all: Fields): Fields {
  return Object.fromEntries(
    Object.entries(all).filter(
      ([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0),
    ),
  )
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

function trimSlash(text: string): string {
  return text.endsWith('/') ? text.slice(0, -1) : text
}
