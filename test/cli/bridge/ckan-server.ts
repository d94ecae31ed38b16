import { type SourceServer, sendJson, startSourceServer } from './source-server.ts'

export interface CkanPackage {
  readonly id: string
  readonly name: string
  readonly title: string
  readonly notes?: string
  /** As CKAN writes it: UTC with microseconds and without a zone. */
  readonly metadata_modified: string
  readonly [field: string]: unknown
}

export type CkanServer = SourceServer & {
  readonly packages: Map<string, CkanPackage>
  put(fields: Partial<CkanPackage> & { id: string }): void
}

/** The time at which the `n`-th change happens, as CKAN writes it. */
export function ckanTime(n: number): string {
  return `${new Date(Date.UTC(2026, 0, 1) + n * 60_000).toISOString().slice(0, -1)}123`
}

export function ckanPackages(count: number): CkanPackage[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`,
    name: `gauge-${i}`,
    title: `Water levels of gauge ${i}`,
    notes: `Daily means of gauge ${i}.`,
    license_id: 'cc-by',
    // Many are modified in the same moment, as after an import of theirs.
    metadata_modified: ckanTime(Math.floor(i / 300)),
    resources: [{ id: `r${i}`, url: `https://data.example.gov/gauge-${i}.csv`, format: 'CSV' }],
    // A field that changes with each look and that no record has.
    tracking_summary: { total: i, recent: 0 },
  }))
}

/** A server that answers as CKAN's API does: `package_search` with Solr's rules, and `package_show`. */
export async function startCkanServer(packages: readonly CkanPackage[]): Promise<CkanServer> {
  const all = new Map(packages.map((one) => [one.id, one]))
  let changes = 1_000_000
  const server = await startSourceServer((url, response) => {
    const method = /\/api\/3\/action\/(\w+)$/.exec(url.pathname)?.[1]
    const asked = url.searchParams
    if (method === 'package_search') {
      const result = search([...all.values()], asked)
      return sendJson(response, { success: true, result })
    }
    const shown = method === 'package_show' ? all.get(asked.get('id') ?? '') : undefined
    if (shown) return sendJson(response, { success: true, result: shown })
    response.writeHead(404, { 'content-type': 'text/html' }).end('<!doctype html><h1>Not found</h1>')
  })
  return Object.assign(server, {
    packages: all,
    put(fields: Partial<CkanPackage> & { id: string }) {
      all.set(fields.id, { ...all.get(fields.id)!, metadata_modified: ckanTime(changes++), ...fields })
    },
  })
}

function search(packages: readonly CkanPackage[], asked: URLSearchParams) {
  const from = /metadata_modified:\[(\S+) TO \*\]/.exec(asked.get('fq') ?? '')?.[1]
  // Solr keeps milliseconds.
  const timeOf = ({ metadata_modified }: CkanPackage) => `${metadata_modified.slice(0, 23)}Z`
  const found = packages.filter((one) => from === undefined || timeOf(one) >= from)
  const keyOf = asked.get('sort')?.startsWith('metadata_modified')
    ? (one: CkanPackage) => `${timeOf(one)} ${one.id}`
    : ({ id }: CkanPackage) => id
  found.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
  const start = Number(asked.get('start') ?? 0)
  const rows = Math.min(Number(asked.get('rows') ?? 10), 1_000)
  const results = found.slice(start, start + rows)
  return {
    count: found.length,
    results: asked.get('fl') === 'id' ? results.map(({ id }) => ({ id })) : results,
  }
}
