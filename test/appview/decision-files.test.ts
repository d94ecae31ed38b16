import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exportDecisions, importDecisions } from '@holdfast/appview/admin/decision-files'
import { operatorClient } from '@holdfast/appview/admin/operator-client'
import { loadConfig } from '@holdfast/appview/config'
import { startAppView } from '@holdfast/appview/main'
import { openEmbedded } from '@holdfast/appview/testing/backends'
import type { admin } from '@holdfast/lexicons'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { scratchDirectory } from '../system/scratch.ts'
import { adminToken, type IndexUnderTest, startIndex } from './index-under-test.ts'

const alice = 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa'
const bob = 'did:plc:bbbbbbbbbbbbbbbbbbbbbbbb'
const infoHash = 'c'.repeat(40)

const operatorOf = ({ url }: { url: string }) => operatorClient({ url, token: adminToken })
const standingAt = async (at: { url: string }) => {
  const { admissions } = await operatorOf(at).query<admin.listAdmissions.$OutputBody>('listAdmissions')
  return admissions.map(({ subject, state, reason }) => [subject, state, reason]).sort()
}
const historyAt = async (at: { url: string }) =>
  (await operatorOf(at).query<admin.listDecisions.$OutputBody>('listDecisions')).decisions

let first: IndexUnderTest
let second: IndexUnderTest
beforeAll(async () => {
  first = await startIndex({ open: openEmbedded })
  second = await startIndex({ open: openEmbedded })
})
afterAll(async () => {
  await first[Symbol.asyncDispose]()
  await second[Symbol.asyncDispose]()
})

test('a file with a line that cannot be read decides nothing and names the line', async () => {
  await using folder = await scratchDirectory()
  const file = join(folder.path, 'decisions.jsonl')
  const good = JSON.stringify({ subject: alice, action: 'deny' })
  await writeFile(file, `${good}\n{"subject": "${bob}"}\n${good}\nnot JSON\n`)
  await expect(importDecisions(operatorOf(second), file, 'ana')).rejects.toThrow('lines 2, 4')
  expect(await standingAt(second)).toEqual([])
})

test('decisions that one index exports stand in another that imports them', async () => {
  await using folder = await scratchDirectory()
  const file = join(folder.path, 'decisions.jsonl')
  const decide = (body: object) => operatorOf(first).call('updateAdmission', body)
  await decide({ subject: alice, action: 'deny', reason: 'spam' })
  await decide({ subject: bob, action: 'allow' })
  await decide({ subject: infoHash, action: 'deny' })

  expect(await exportDecisions(operatorOf(first), file)).toBe(3)
  expect(await importDecisions(operatorOf(second), file, 'ana')).toEqual({ made: 3, unchanged: 0 })
  expect(await standingAt(second)).toEqual(await standingAt(first))
  expect((await historyAt(second)).map(({ by }) => by)).toEqual(['ana', 'ana', 'ana'])
  expect(await importDecisions(operatorOf(second), file, 'ana')).toEqual({ made: 0, unchanged: 3 })
})

test('a file that exists is not written over', async () => {
  await using folder = await scratchDirectory()
  const file = join(folder.path, 'mine')
  await writeFile(file, 'something of mine')
  await expect(exportDecisions(operatorOf(first), file)).rejects.toThrow('it exists already')
})

test('a denial still stands when the embedded database was lost', async () => {
  await using folder = await scratchDirectory()
  const config = loadConfig({
    HOLDFAST_PORT: '0',
    HOLDFAST_DATA_DIR: folder.path,
    HOLDFAST_SOURCES: 'ws://127.0.0.1:9',
    HOLDFAST_ADMIN_TOKEN: adminToken,
    HOLDFAST_ALLOW_PRIVATE_HOSTS: 'true',
  })
  const start = () => startAppView(config, { log: pino({ level: 'silent' }) })
  {
    await using appView = await start()
    await operatorOf(appView).call('updateAdmission', { subject: alice, action: 'deny', reason: 'spam' })
  }
  await rm(join(folder.path, 'pglite'), { recursive: true })
  await using appView = await start()
  expect(await standingAt(appView)).toEqual([[alice, 'denied', 'spam']])
})
