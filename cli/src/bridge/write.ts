import { createHash } from 'node:crypto'
import { collections } from '@holdfast/lexicons/nsid'
import { counted } from '@holdfast/runtime/counted'
import { CommandError } from '../command-error.ts'
import { curatedFields } from '../import/import-all.ts'
import { identityOf, type Listed, placesInRepo } from '../import/places-in-repo.ts'
import { putDataset, type Statement, type WrittenDataset } from '../publish/put-dataset.ts'
import type { RecordJson, Repo } from '../records/repo.ts'
import type { Entry, Ledger, Pending } from './ledger.ts'
import { removedStatement } from './removed.ts'

/** What was written, or why not. */
export type WriteEvent =
  | {
      readonly action: 'written'
      readonly sourceId: string
      readonly written: WrittenDataset
      readonly leftOver: readonly string[]
    }
  | { readonly action: 'removed'; readonly sourceId: string; readonly written: WrittenDataset }
  | { readonly action: 'skipped'; readonly sourceId: string; readonly reason: string }
  | { readonly action: 'failed'; readonly sourceId: string; readonly problem: string }

export interface WriteParts {
  readonly ledger: Ledger
  readonly repo: Repo
  readonly statement: Statement
  readonly signal: AbortSignal | undefined
  /** Whether the files of what is written are to become torrents. */
  readonly wantsFiles?: boolean | undefined
}

const [pageSize, placedAtOnce] = [200, 1_000]
/** A server that refuses this many records in a row has a fault of its own. */
const maxRefusals = 10

class DeletedByOwnerError extends Error {}

/** Writes at most `limit` of the pending descriptions. Each is removed from the ledger's list once it is written. */
export async function* writePending(parts: WriteParts, limit: number): AsyncGenerator<WriteEvent> {
  const { ledger, signal } = parts
  const absent = new Set<string>()
  await placePending(parts, absent)
  let refusals = 0
  for (let done = 0; done < limit; ) {
    const page = ledger.pending(Math.min(pageSize, limit - done))
    if (page.length === 0) return
    for (const pending of page) {
      signal?.throwIfAborted()
      const event = await writeOne(parts, pending, absent.delete(pending.rkey!))
      refusals = event.action === 'failed' ? refusals + 1 : 0
      if (refusals > maxRefusals)
        throw new CommandError(
          'failure',
          `Your server refused ${counted(refusals, 'record')} in a row, the last one: ${(event as { problem: string }).problem}`,
        )
      yield event
      done++
    }
  }
}

/** Decides where the descriptions go that are new, and keeps that: after a crash, each is looked for at its place. */
async function placePending({ ledger, repo, statement }: WriteParts, absent: Set<string>): Promise<void> {
  if (ledger.unplaced(1).length === 0) return
  const listed = new Map<string, Listed>()
  for await (const { rkey, uri, value } of repo.list(collections.dataset))
    listed.set(rkey, { uri, value: identityOf(value) })
  const taken = new Set(ledger.rkeys())
  for (;;) {
    const page = ledger.unplaced(placedAtOnce)
    if (page.length === 0) return
    const drafts = page.map(({ draft }) => draft)
    const places = await placesInRepo(drafts, listed, { ...statement, taken })
    using transaction = ledger.transaction()
    for (const [index, place] of places.entries()) {
      ledger.setPlace(page[index]!.sourceId, place)
      taken.add(place.rkey)
      if (!place.isKnown && !listed.has(place.rkey)) absent.add(place.rkey)
    }
    transaction.commit()
  }
}

async function writeOne(parts: WriteParts, pending: Pending, isAbsent: boolean): Promise<WriteEvent> {
  const { ledger, repo, statement } = parts
  const { sourceId, draft, rkey, isKnown } = pending
  const entry = ledger.entry(sourceId)
  const wasWritten = entry?.rkey === rkey
  const { leftOver, ...said } = draft
  const asked = { ...said, rkey: rkey!, keepFields: curatedFields, ...(isKnown && { isSame: () => true }) }
  try {
    const written = await putDataset(readingOnce(repo, { isAbsent, wasWritten }), asked, statement)
    keep(parts, pending, { state: 'kept', rkey: written.rkey })
    return { action: 'written', sourceId, written, leftOver }
  } catch (error) {
    if (error instanceof DeletedByOwnerError) {
      keep(parts, pending, { state: 'kept', rkey })
      return { action: 'skipped', sourceId, reason: `you deleted ${rkey}, so it is not written again` }
    }
    if (!(error instanceof CommandError) || (error.kind !== 'usage' && error.kind !== 'failure')) throw error
    keep(parts, pending, { state: wasWritten ? 'kept' : 'failed', rkey: wasWritten ? rkey : null })
    return { action: 'failed', sourceId, problem: error.message }
  }
}

function keep(
  { ledger, wantsFiles }: WriteParts,
  { sourceId, digest, modified, address, draft }: Pending,
  now: Pick<Entry, 'state' | 'rkey'>,
): void {
  using transaction = ledger.transaction()
  const before = ledger.entry(sourceId)
  const seen = { seenRun: ledger.get<number>('runs') ?? 0, seenAt: new Date().toISOString() }
  const filesDigest = filesDigestOf(draft.record)
  ledger.putEntry({ ...seen, ...before, sourceId, digest, modified, address, filesDigest, ...now })
  ledger.removePending(sourceId)
  const areWanted = wantsFiles || ledger.get('files') === true
  if (areWanted && now.state === 'kept' && before?.filesDigest !== filesDigest) ledger.addFiles(sourceId)
  transaction.commit()
}

function filesDigestOf({ sources, homepage, modified, version }: RecordJson): string {
  const said = ((sources ?? []) as RecordJson[]).map(({ url, sizeBytes, checksums }) => [
    url,
    sizeBytes,
    checksums,
  ])
  return createHash('sha256')
    .update(JSON.stringify([said, homepage, modified, version]))
    .digest('base64url')
}

/**
 * The repo for one write. A record that is known not to be there is not asked for; one that was written and is gone was
 * deleted by its owner.
 */
function readingOnce(repo: Repo, { isAbsent, wasWritten }: { isAbsent: boolean; wasWritten: boolean }): Repo {
  let isFirst = true
  return {
    ...repo,
    async get(collection, rkey) {
      const first = isFirst
      isFirst = false
      if (first && isAbsent) return undefined
      const found = await repo.get(collection, rkey)
      if (!found && first && wasWritten) throw new DeletedByOwnerError()
      return found
    },
  }
}

/** Marks the datasets that the source no longer has: their records stay, and say so of their sources. */
export async function* writeRemovals({
  ledger,
  repo,
  statement,
  signal,
}: WriteParts): AsyncGenerator<WriteEvent> {
  for (const entry of ledger.entries('leaving')) {
    signal?.throwIfAborted()
    const { sourceId, rkey } = entry
    const existing = await repo.get(collections.dataset, rkey!)
    const removed = { ...entry, state: 'removed' as const }
    if (!existing) {
      ledger.putEntry(removed)
      yield { action: 'skipped', sourceId, reason: `the source removed it, and you deleted ${rkey}` }
      continue
    }
    const said = await statement.states.get(existing.uri, statement.source)
    const record = removedStatement(said ?? existing.value, {
      address: entry.address ?? '',
      seenAt: entry.seenAt,
    })
    const draft = { record, rkey: rkey!, keepFields: curatedFields, isSame: () => true }
    const written = await putDataset(repo, draft, statement)
    ledger.putEntry(removed)
    yield { action: 'removed', sourceId, written }
  }
}
