import { type ContentUsage, readContentUsage } from '../../catalog/read/record-counts.ts'
import { createUsageCache } from '../../catalog/read/usage-cache.ts'
import type { Db } from '../../store/sql.ts'

/** Limits the verified metainfo of each account and of each PDS. */
export interface ContentQuota {
  /** Adds the content to the author's usage; or adds nothing and resolves with a reject reason and its explanation. */
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
