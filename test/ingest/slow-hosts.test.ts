import { collections } from '@holdfast/lexicons/nsid'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startHostilePds } from '../network/hostile-pds.ts'
import { startPlc, type TestPlc } from '../network/plc.ts'
import { SignedRepo } from '../network/signed-repo.ts'
import { waitFor } from '../network/wait-for.ts'
import { startFollowing } from './following.ts'

/** A server that does not answer delays its own accounts, and no others. */

const ours = collections.dataset
const dataset = (title: string) => ({ $type: ours, title, createdAt: '2026-11-20T00:00:00.000Z' })

let plc: TestPlc
beforeAll(async () => {
  plc = await startPlc()
})
afterAll(() => plc[Symbol.asyncDispose]())

test('1,100 commits of an account whose server is silent do not delay an honest one', async () => {
  await using relay = await startHostilePds()
  await using silent = await startHostilePds()
  silent.behave('*', { kind: 'hang' })
  await using index = await startFollowing({ plcUrl: plc.url }, { sources: [relay.url], backfill: [] })
  const stranger = await SignedRepo.create({ plc, pdsUrl: silent.url })
  const honest = await SignedRepo.create({ plc, pdsUrl: relay.url })
  relay.host(honest)
  const frame = await stranger.create(ours, 'first', dataset('First'))
  for (let n = 0; n < 1_100; n++) relay.emit(frame)
  relay.emit(await honest.create(ours, 'one', dataset('One')))
  await waitFor(async () => (await index.records()).some((one) => one.includes(honest.did)), {
    what: 'the honest record',
    timeoutMs: 5_000,
  })
  expect(silent.requests.length).toBeLessThan(10)
})

test('asks once about an account that its server calls inactive', async () => {
  await using relay = await startHostilePds()
  await using index = await startFollowing({ plcUrl: plc.url }, { sources: [relay.url], backfill: [] })
  const gone = await SignedRepo.create({ plc, pdsUrl: relay.url })
  const honest = await SignedRepo.create({ plc, pdsUrl: relay.url })
  relay.host(honest)
  for (let n = 0; n < 50; n++) relay.emit(await gone.create(ours, `n${n}`, dataset(`${n}`)))
  relay.emit(await honest.create(ours, 'one', dataset('One')))
  await waitFor(async () => (await index.records()).some((one) => one.includes(honest.did)), {
    what: 'the honest record',
  })
  await waitFor(() => (index.ingest.metrics.rejects.get('account-inactive')?.count ?? 0) >= 50, {
    what: 'every commit to be refused',
  })
  const asked = relay.requests.filter(({ params }) => params.get('did') === gone.did)
  expect(asked).toHaveLength(1)
})
