/** Rewrites a `.torrent` for readers of this index. Pure functions, which run in a thread. */
import { readEnvelope, type Tracker } from '@holdfast/torrent/metainfo'
import { reissueMetainfo } from '@holdfast/torrent/reissue'
import { isUsable, trackerDropped } from './usable-address.ts'

/** What the store contributes to the fields around `info` in the new file. */
export interface ReissuePlan {
  /** The operator's announce URLs. */
  readonly operators: readonly string[]
  /** The trackers that the author's record names. */
  readonly trackers: readonly Tracker[]
  /** Whether the file belongs to another record, whose trackers are removed. */
  readonly isOfAnother?: boolean
  readonly warnings: readonly string[]
  readonly webseeds: readonly { url: string; kind: 'bep17' | 'bep19' }[]
  /** The webseeds among them that others than the author named. */
  readonly others: readonly { url: string; did: string }[]
}

export function reissueFor(bytes: Uint8Array, plan: ReissuePlan): Uint8Array {
  const envelope = readEnvelope(bytes)
  const authors = [...plan.trackers, ...(plan.isOfAnother ? [] : envelope.trackers)].filter(({ url }) =>
    isUsable(url, { warnings: plan.warnings, dropped: trackerDropped }),
  )
  return reissueMetainfo(envelope, {
    trackers: mergeTrackers(plan.operators, authors),
    webseeds: plan.webseeds,
    ...(plan.others.length > 0 && { comment: withOthers(envelope.comment, plan.others) }),
  })
}

/** Adds to the comment, which every client shows, who named webseeds, because BitTorrent has no field for that. */
function withOthers(comment: string | null, others: ReissuePlan['others']): string {
  const named = others.map(({ url, did }) => `${url} (${did})`)
  return [
    ...(comment ? [comment] : []),
    `Webseeds that others than the author named, and that were checked: ${named.join(', ')}`,
  ].join('\n')
}

/** Puts the operator's trackers in the first tier (BEP 12), where everybody who got the file here meets. */
function mergeTrackers(operators: readonly string[], authors: readonly Tracker[]): Tracker[] {
  const merged = new Map(operators.map((url) => [url, { url, tier: 0 }]))
  for (const { url, tier } of authors) if (!merged.has(url)) merged.set(url, { url, tier: tier + 1 })
  return [...merged.values()]
}
