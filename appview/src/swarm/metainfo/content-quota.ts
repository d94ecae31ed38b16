import { type ContentUsage, readContentUsage } from '../../catalog/reads/record-counts.ts'
import { createUsageCache } from '../../catalog/reads/usage-cache.ts'
import type { Db } from '../../catalog/sql.ts'

/** Holds each account, and each PDS, to what its verified metainfo may take here. */
export interface ContentQuota {
  /** Counts the content in; or says why not, as a reject reason and in words, and counts nothing. */
  admit(author: { did: string; pdsHost: string | null }, content: ContentUsage): Promise<Refusal | undefined>
}

export interface Refusal {
  reason: 'quota-files' | 'quota-blobs'
  detail: string
}

export interface ContentLimits {
  perAccount: ContentUsage
  perHost: ContentUsage
}

export const defaultContentLimits: ContentLimits = {
  perAccount: { files: 5_000_000, bytes: 10e9 },
  perHost: { files: 50_000_000, bytes: 100e9 },
}

export function createContentQuota(db: Db, limits: ContentLimits = defaultContentLimits): ContentQuota {
  const usage = createUsageCache({ read: (owner) => readContentUsage(db, owner) })
  return {
    async admit({ did, pdsHost }, content) {
      const allowances = [
        { owner: did, limit: limits.perAccount, of: 'one account' },
        ...(pdsHost ? [{ owner: pdsHost, limit: limits.perHost, of: 'one server' }] : []),
      ]
      const { refused } = await usage.admit(allowances, content)
      if (!refused) return undefined
      const { limit, of } = refused.allowance
      return refused.measure === 'files'
        ? { reason: 'quota-files', detail: `this index takes ${limit.files} files of ${of}` }
        : { reason: 'quota-blobs', detail: `this index takes ${limit.bytes} bytes of metainfo of ${of}` }
    },
  }
}
