/** Measures how long an account with 100,000 records stays visible after it is denied, and how fast a stream reports it. */

import { openCatalog } from '@holdfast/appview/store/open'
import { readSweeps } from '@holdfast/appview/store/sweep-notes'
import { createScratchDatabase } from '@holdfast/appview/testing/backends'
import { startSweeper } from '@holdfast/appview/upkeep/start-sweeper'
import { collections } from '@holdfast/lexicons/nsid'
import { sql } from 'drizzle-orm'
import { adminToken, type IndexUnderTest, startIndex } from '../appview/index-under-test.ts'
import { waitFor } from '../network/wait-for.ts'
import { call } from '../system/xrpc.ts'
import { countMessages } from './denial/count-messages.ts'
import { fill, tellAgain, tellAll } from './denial/fill.ts'
import { showEverywhere, untilGone } from './denial/interfaces.ts'
import type { Bench } from './main.ts'

const large = `did:plc:${'large'.repeat(5).slice(0, 24)}`
const word = 'basalt'

export const run: Bench = async ({ quick, log }) => {
  const databaseUrl = process.env.HOLDFAST_TEST_DATABASE_URL
  if (!databaseUrl)
    throw new Error('This bench writes to PostgreSQL: set HOLDFAST_TEST_DATABASE_URL to a server it may use.')
  const sizes = quick ? { many: 3_000, large: 1_000 } : { many: 300_000, large: 50_000 }
  await using database = await createScratchDatabase(databaseUrl)
  await using index = await startIndex({ open: () => openCatalog({ databaseUrl: database.url }) })
  const { db } = index.catalog
  const started = performance.now()
  await fill({
    db,
    did: 'did:plc:many',
    accounts: 3_000,
    datasets: sizes.many,
    torrents: sizes.many / 3,
    word: 'granite',
  })
  await fill({ db, did: large, accounts: 1, datasets: sizes.large, torrents: sizes.large, word })
  const events = await tellAll(db)
  await db.execute(sql`ANALYZE`)
  log(`${events} records after ${((performance.now() - started) / 1_000).toFixed(0)} s`)
  const streams = await measureStreams(index, events)
  log('the streams are measured')
  await using _sweeper = await startSweeper({
    catalog: index.catalog,
    onProgress: (_, { remaining }) => log(`${remaining} to be swept`),
    onFault: (error) => log(String(error)),
  })
  const denial = await measureDenial(index, { torrents: sizes.large, lastOther: sizes.many / 3 })
  return { figures: { records: events, ofTheAccount: 2 * sizes.large, ...streams, ...denial }, ratios: {} }
}

async function measureStreams({ url, catalog }: IndexUnderTest, events: number) {
  const wanted = Math.min(events, 20_000)
  const replay = await countMessages(url, 'subscribeRecords', { cursor: events - wanted })
  const replayMs = await replay.reached(wanted)
  replay.close()
  const live = await countMessages(url, 'subscribeRecords', {})
  await live.reached(1)
  const startedAt = performance.now()
  await tellAgain(catalog.db, wanted)
  await live.reached(wanted)
  const liveMs = performance.now() - startedAt
  live.close()
  return {
    streamEventsPerSecond: Math.min(wanted / (replayMs / 1_000), wanted / (liveMs / 1_000)),
    replayedEventsPerSecond: wanted / (replayMs / 1_000),
    liveEventsPerSecond: wanted / (liveMs / 1_000),
  }
}

async function measureDenial(index: IndexUnderTest, of: { torrents: number; lastOther: number }) {
  const decide = (action: string) =>
    call<{ affected: number }>(index.url, 'updateAdmission', {
      body: { subject: large, action },
      token: adminToken,
    })
  const account = {
    did: large,
    word,
    uri: `at://${large}/${collections.dataset}/${word}1`,
    lastOther: of.lastOther,
  }
  await showEverywhere(index.url, account)
  const tracker = await countMessages(index.url, 'subscribeInfoHashes', {})
  const startedAt = performance.now()
  const since = () => performance.now() - startedAt
  const answered = decide('deny').then(() => since())
  const gone = await untilGone(index.url, account)
  const denyAnswerMs = await answered
  await tracker.reached(of.torrents)
  const allToldMs = since()
  tracker.close()
  await waitFor(async () => (await readSweeps(index.catalog.db)).length === 0, {
    what: 'the sweep to end',
    timeoutMs: 600_000,
    intervalMs: 100,
  })
  const sweptSeconds = since() / 1_000
  const restoreStartedAt = performance.now()
  await decide('restore')
  return {
    denyMs: gone.afterMs,
    ...gone.byInterface,
    denyAnswerMs,
    trackerToldMs: allToldMs,
    sweptSeconds,
    restoreAnswerMs: performance.now() - restoreStartedAt,
  }
}
