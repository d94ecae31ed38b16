import { applyAdmissionPolicy } from '@holdfast/appview/catalog/admission-policy'
import { applyBatch } from '@holdfast/appview/catalog/apply-batch'
import type { Catalog } from '@holdfast/appview/store/open'
import { collections } from '@holdfast/lexicons/nsid'
import { CorpusMaker } from './corpus.ts'

const did = 'did:plc:bench'

/** Fills an embedded catalog as ingest would, with the same writes. */
export async function loadEmbedded(catalog: Catalog, count: number): Promise<void> {
  await applyAdmissionPolicy(catalog.db, 'open')
  const maker = new CorpusMaker(1)
  const batch = 500
  for (let from = 0; from < count; from += batch) {
    const ops = Array.from({ length: Math.min(batch, count - from) }, (_, i) => toPut(from + i, maker))
    const rev = `3l${String(from).padStart(11, '0')}`
    await applyBatch(catalog.db, { commits: [{ did, rev, dataCid: 'data', ops }] })
  }
}

function toPut(n: number, maker: CorpusMaker) {
  const made = maker.dataset()
  const value = {
    title: made.title,
    description: made.description,
    publisher: { name: made.publisher },
    keywords: made.keywords.map((name) => ({ name })),
    formats: [{ mediaType: made.format }],
    license: { spdx: made.license },
    risk: { level: made.risk },
    sizeBytes: made.sizeBytes,
    createdAt: made.createdAt,
  }
  return {
    action: 'put',
    uri: `at://${did}/${collections.dataset}/${n}`,
    kind: 'dataset',
    cid: `cid-${n}`,
    value,
  } as const
}
