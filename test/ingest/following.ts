import type { IngestConfig } from '@holdfast/appview/ingest/ingest-config'
import { type Ingest, startIngest } from '@holdfast/appview/ingest/start-ingest'
import { createGuardedFetch } from '@holdfast/appview/outbound/guarded-fetch'
import type { Catalog } from '@holdfast/appview/store/open'
import { openEmbedded } from '@holdfast/appview/testing/backends'
import { defaultAuthorities } from '@holdfast/lexicons/authority'
import { collections } from '@holdfast/lexicons/nsid'
import { sql } from 'drizzle-orm'
import { pino } from 'pino'
import type { TestAccount } from '../network/accounts.ts'
import type { Network } from '../network/network.ts'
import { waitFor } from '../network/wait-for.ts'

/** An index that follows some hosts, for tests that look at its contents. */
export type Following = AsyncDisposable & {
  readonly catalog: Catalog
  readonly ingest: Ingest
  /** `URI CID` of every stored record, in order; a rejected one is `URI refused REASON`. */
  records(): Promise<string[]>
  /** Waits until the index contains exactly what the accounts' repositories contain. */
  agrees(accounts: readonly TestAccount[], timeoutMs?: number): Promise<void>
}

/** Starts ingest on an embedded store, or on the given one. */
export async function startFollowing(
  network: Pick<Network, 'plcUrl'>,
  options: { sources?: readonly string[]; hints?: readonly string[]; catalog?: Catalog } & Partial<
    Omit<IngestConfig, 'sources'>
  >,
): Promise<Following> {
  const { sources = [], hints = [], catalog: given, ...config } = options
  await using stack = new AsyncDisposableStack()
  const catalog = given ?? stack.use(await openEmbedded())
  const ingest = stack.use(
    startIngest({
      db: catalog.db,
      config: {
        sources: [
          ...sources.map((url) => ({ kind: 'firehose' as const, url: url.replace(/^http/, 'ws') })),
          ...hints.map((url) => ({ kind: 'jetstream' as const, url })),
        ],
        authorities: defaultAuthorities,
        plcUrl: network.plcUrl,
        allowPrivateHosts: true,
        firstRetryMs: 200,
        ...config,
      },
      guardedFetch: createGuardedFetch({ allowPrivateHosts: true }),
      log: pino({ level: process.env.HOLDFAST_LOG_LEVEL ?? 'silent' }),
    }),
  )
  const records = () => storedRecords(catalog)
  const moved = stack.move()
  return {
    catalog,
    ingest,
    records,
    async agrees(accounts, timeoutMs = 20_000) {
      let expected: string[] = []
      let found: string[] = []
      await waitFor(
        async () => {
          expected = await repoRecords(accounts)
          found = await records()
          return JSON.stringify(found) === JSON.stringify(expected)
        },
        { what: 'the index to hold what the repositories hold', timeoutMs, intervalMs: 50 },
      ).catch((error) => {
        const missing = expected.filter((one) => !found.includes(one))
        const extra = found.filter((one) => !expected.includes(one))
        throw new Error(`missing ${JSON.stringify(missing)}, too many ${JSON.stringify(extra)}`, {
          cause: error,
        })
      })
    },
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  }
}

export async function storedRecords({ db }: Catalog): Promise<string[]> {
  const answer = (await db.execute(
    sql`SELECT uri, cid, reason FROM catalog.record ORDER BY uri`,
  )) as unknown as Row[] | { rows: Row[] }
  const rows = Array.isArray(answer) ? answer : answer.rows
  return rows.map(({ uri, cid, reason }) => (reason ? `${uri} refused ${reason}` : `${uri} ${cid}`)).sort()
}

interface Row {
  uri: string
  cid: string
  reason: string | null
}

/** `URI CID` of every Holdfast record in these repositories, as their PDSes list them. */
export async function repoRecords(accounts: readonly TestAccount[]): Promise<string[]> {
  const listed = await Promise.all(
    accounts.flatMap(({ agent, did }) =>
      Object.values(collections).map(async (collection) => {
        const found: string[] = []
        for (let cursor: string | undefined; ; ) {
          const { data } = await agent.com.atproto.repo.listRecords({
            repo: did,
            collection,
            cursor,
            limit: 100,
          })
          found.push(...data.records.map(({ uri, cid }) => `${uri} ${cid}`))
          cursor = data.cursor
          if (!cursor || data.records.length === 0) return found
        }
      }),
    ),
  )
  return listed.flat().sort()
}

/** Writes a small valid dataset record. */
export async function putDataset(
  account: TestAccount,
  rkey: string,
  title = `Dataset ${rkey}`,
): Promise<void> {
  await account.agent.com.atproto.repo.putRecord({
    repo: account.did,
    collection: collections.dataset,
    rkey,
    record: { $type: collections.dataset, title, createdAt: '2026-11-20T00:00:00.000Z' },
  })
}

/** Deletes a dataset record. */
export async function deleteDataset(account: TestAccount, rkey: string): Promise<void> {
  await account.agent.com.atproto.repo.deleteRecord({
    repo: account.did,
    collection: collections.dataset,
    rkey,
  })
}

/** Writes a record that is not of our lexicons. */
export async function putOther(account: TestAccount, rkey: string): Promise<void> {
  await account.agent.com.atproto.repo.putRecord({
    repo: account.did,
    collection: 'com.example.note',
    rkey,
    record: { $type: 'com.example.note', text: rkey },
    validate: false,
  })
}
