import { readFileSync } from 'node:fs'
import { applyAdmissionPolicy } from '@holdfast/appview/catalog/admission-policy'
import { applyBatch } from '@holdfast/appview/catalog/apply-batch'
import { refreshSearchStatistics } from '@holdfast/appview/search-terms/statistics'
import type { Catalog } from '@holdfast/appview/store/open'
import { importRegistryEntry } from '@holdfast/cli/import/formats/aws-open-data-registry'
import { collections } from '@holdfast/lexicons/nsid'
import { registryFile } from './registry-file.ts'

export type RegistryEntry = ReturnType<typeof importRegistryEntry>

/** Every entry of the registry, imported by the CLI's importer. */
export function readRegistry(): RegistryEntry[] {
  const lines = readFileSync(registryFile(), 'utf8').trim().split('\n')
  return lines.map((line) => importRegistryEntry(JSON.parse(line), { createdAt: '2026-01-01T00:00:00.000Z' }))
}

const did = 'did:plc:registry'

export function slugOf(uri: string): string {
  return uri.slice(uri.lastIndexOf('/') + 1)
}

export async function indexEntries(catalog: Catalog, entries: readonly RegistryEntry[]): Promise<void> {
  await applyAdmissionPolicy(catalog.db, 'open')
  const ops = entries.map(
    ({ rkey, record }) =>
      ({
        action: 'put',
        uri: `at://${did}/${collections.dataset}/${rkey}`,
        kind: 'dataset',
        cid: `cid-${rkey}`,
        value: { ...record },
      }) as const,
  )
  for (let i = 0; i < ops.length; i += 100) {
    const rev = `3l${String(i).padStart(11, '0')}`
    await applyBatch(catalog.db, { commits: [{ did, rev, dataCid: 'data', ops: ops.slice(i, i + 100) }] })
  }
  await refreshSearchStatistics(catalog.db)
}
