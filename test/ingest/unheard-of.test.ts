import { readTrackedDids } from '@holdfast/appview/catalog/read/repo'
import { collections } from '@holdfast/lexicons/nsid'
import { expect, test } from 'vitest'
import * as forge from '../network/forge.ts'
import { startHostilePds } from '../network/hostile-pds.ts'
import { startPlc } from '../network/plc.ts'
import { waitFor } from '../network/wait-for.ts'
import { startFollowing } from './following.ts'

const record = { $type: collections.dataset, title: 'One', createdAt: '2026-11-20T00:00:00.000Z' }

test('limits how many new repositories the unproved events of a source add in a day', async () => {
  await using plc = await startPlc()
  await using host = await startHostilePds()
  await using index = await startFollowing(
    { plcUrl: plc.url },
    { sources: [host.url], backfill: [], unheardOfPerSourcePerDay: 2 },
  )
  for (let n = 0; n < 5; n++) {
    const frame = await (await host.newRepo(plc)).create(collections.dataset, 'one', record)
    host.emit(forge.withBody(frame, { since: forge.revAt(1), prevData: null }))
  }
  const proved = await host.newRepo(plc)
  host.emit(await proved.create(collections.dataset, 'one', record))
  await waitFor(async () => (await index.records()).some((one) => one.includes(proved.did)), {
    what: 'a record that its commit proves',
  })
  await waitFor(async () => (await index.records()).length >= 3, { what: 'the repositories that are read' })
  expect(await readTrackedDids(index.catalog.db)).toHaveLength(3)
})
