import { collections } from '@holdfast/lexicons/nsid'
import * as forge from '../../network/forge.ts'
import type { Frame } from '../../network/relay/frames.ts'
import { waitFor } from '../../network/wait-for.ts'
import type { Attack } from '../attack.ts'

const dataset = (title: string, more: object = {}) => ({
  $type: collections.dataset,
  title,
  createdAt: '2026-11-20T00:00:00.000Z',
  ...more,
})

/** 0.9 MB that would become 160 MB of rows, as a commit and as a whole repository: every operation refers to the same block. */
export const oneBlockManyRecords: Attack = async (index) => {
  const padding = Array.from({ length: 80 }, (_, n) => `${n}`.padEnd(10_000, 'x'))
  const record = dataset('Shared', { padding })
  const copies = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, n) => create(`copy-${from + n}`, record))
  const commit = await (await index.stranger()).write(copies(0, 200))
  const other = await index.stranger()
  for (let from = 0; from < 2_000; from += 200) await other.write(copies(from, from + 200))
  // This commit does not follow what the index knows, so that the index reads the whole repository.
  const gap = forge.withBody(await other.write(copies(2_000, 2_100)), { prevData: null })
  return async () => {
    index.attacker.emit(commit)
    index.attacker.emit(gap)
    const { requests } = index.attacker
    await waitFor(
      () => requests.some(({ method, params }) => /getRepo$/.test(method) && params.get('did') === other.did),
      { what: 'the index to read the whole repository', timeoutMs: 30_000 },
    )
  }
}

/** A few bytes that would cause records × records × identifiers of work, because all records share all their identifiers. */
export const sharedIdentifiers: Attack = async (index) => {
  const identifiers = Array.from({ length: 50 }, (_, n) => ({ scheme: 'doi', value: `10.5555/shared-${n}` }))
  const homepage = 'https://shared.example/'
  return emitting(index, 3, async (stranger) => [
    await stranger.write(
      Array.from({ length: 200 }, (_, n) =>
        create(`shared-${n}`, dataset(`Shared ${n}`, { identifiers, homepage })),
      ),
    ),
  ])
}

/** A thousand commits of one account, every other of which makes the index ask a server that never answers. */
export const commitsOfASlowServer: Attack = async (index) => {
  const launch = await emitting(index, 1, async (stranger) => {
    const frames: Frame[] = []
    for (let n = 0; n < 1_100; n++) {
      const frame = await stranger.create(collections.dataset, `slow-${n}`, dataset(`Slow ${n}`))
      frames.push(n % 2 === 0 ? notFollowing(frame) : frame)
    }
    return frames
  })
  return async () => {
    for (const method of ['getRepo', 'getLatestCommit', 'getRepoStatus', 'getRecord'])
      index.attacker.behave(`com.atproto.sync.${method}`, { kind: 'hang' })
    await launch()
  }
}

/** Whole repositories sent at a byte per second, by more accounts than are read at the same time. */
export const repositoriesThatDrip: Attack = async (index) => {
  const launch = await emitting(index, 30, async (stranger) => [
    notFollowing(await stranger.create(collections.dataset, 'one', dataset('Dripping'))),
  ])
  return async () => {
    const body = new Uint8Array(1_000_000)
    index.attacker.behave('com.atproto.sync.getRepo', { kind: 'drip', body, chunkBytes: 1, everyMs: 1_000 })
    await launch()
  }
}

/** Records that a PDS accepts and a database does not: alone, and all in one commit. */
export const recordsThatNoStoreTakes: Attack = async (index) => {
  let nested: object = {}
  for (let depth = 0; depth < 1_000; depth++) nested = { nested }
  const poisons = [
    dataset('Long', { homepage: `https://long.example/${'x'.repeat(3_000)}` }),
    dataset('Zero', { 'a\0b': 'c\0d' }),
    dataset('Deep', { nested }),
    dataset('Many', { unknown: Array.from({ length: 50_000 }, (_, n) => ({ n })) }),
  ]
  return emitting(index, 1, async (stranger) => {
    const frames: Frame[] = []
    for (const [n, record] of poisons.entries())
      frames.push(await stranger.write([create(`poison-${n}`, record)]))
    frames.push(await stranger.write(poisons.map((record, n) => create(`again-${n}`, record))))
    return frames
  })
}

/** Events of accounts that do not exist; each makes the index resolve a DID. */
export const accountsThatAreNowhere: Attack = async (index) =>
  emitting(index, 1, async (stranger) => {
    const frame = await stranger.create(collections.dataset, 'one', dataset('Nobody'))
    return Array.from({ length: 2_000 }, (_, n) => {
      const label = n.toString(36).replaceAll(/[0189]/g, (digit) => 'wxyz'['0189'.indexOf(digit)]!)
      return forge.withBody(frame, { repo: `did:plc:${label.padStart(24, 'a')}` })
    })
  })

type Stranger = Awaited<ReturnType<Parameters<Attack>[0]['stranger']>>

/** Prepares frames of some accounts; when launched, the accounts send in turn. */
async function emitting(
  index: Parameters<Attack>[0],
  accounts: number,
  framesOf: (stranger: Stranger) => Promise<Frame[]>,
): Promise<() => Promise<void>> {
  const prepared: Frame[] = []
  for (let account = 0; account < accounts; account++)
    prepared.push(...(await framesOf(await index.stranger())))
  return async () => {
    for (const frame of prepared) index.attacker.emit(frame)
  }
}

/** The same commit, changed to state a predecessor that the index has never seen. */
const notFollowing = (frame: Frame) => forge.withBody(frame, { since: forge.revAt(1), prevData: null })

const create = (rkey: string, record: object) =>
  ({ action: 'create', collection: collections.dataset, rkey, record }) as never
