import { type ContentUsage, readContentUsage } from '../catalog/record-counts.ts'
import type { Db } from '../catalog/sql.ts'

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

const capacity = 100_000
/** What is taken away again is only seen by counting anew, which reads all that an owner has. */
const recountAfterMs = 60_000

export function createContentQuota(db: Db, limits: ContentLimits = defaultContentLimits): ContentQuota {
  const known = new Map<string, ContentUsage & { readAtMs: number }>()

  async function usageOf(owner: string, wouldExceed: (usage: ContentUsage) => boolean) {
    const held = known.get(owner)
    if (held && !(wouldExceed(held) && Date.now() - held.readAtMs >= recountAfterMs)) return held
    const usage = { ...(await readContentUsage(db, owner)), readAtMs: Date.now() }
    known.set(owner, usage)
    if (known.size > capacity) known.delete(known.keys().next().value!)
    return usage
  }

  return {
    async admit({ did, pdsHost }, content) {
      const owners = [
        { owner: did, limit: limits.perAccount, of: 'one account' },
        ...(pdsHost ? [{ owner: pdsHost, limit: limits.perHost, of: 'one server' }] : []),
      ]
      const usages = await Promise.all(
        owners.map(({ owner, limit }) =>
          usageOf(owner, (usage) => excess(usage, content, limit) !== undefined),
        ),
      )
      for (const [i, { limit, of }] of owners.entries()) {
        const over = excess(usages[i]!, content, limit)
        if (over === 'files')
          return { reason: 'quota-files', detail: `this index takes ${limit.files} files of ${of}` }
        if (over === 'bytes')
          return {
            reason: 'quota-blobs',
            detail: `this index takes ${limit.bytes} bytes of metainfo of ${of}`,
          }
      }
      for (const usage of usages) {
        usage.files += content.files
        usage.bytes += content.bytes
      }
      return undefined
    },
  }
}

function excess(
  usage: ContentUsage,
  content: ContentUsage,
  limit: ContentUsage,
): keyof ContentUsage | undefined {
  if (usage.files + content.files > limit.files) return 'files'
  if (usage.bytes + content.bytes > limit.bytes) return 'bytes'
  return undefined
}
