import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { decideAdmission } from '@holdfast/appview/catalog/admissions'
import { journalName, openDecisionJournal } from '@holdfast/appview/catalog/decision-journal'
import { listDecisions } from '@holdfast/appview/catalog/decisions'
import type { Catalog } from '@holdfast/appview/store/open'
import { rows } from '@holdfast/appview/store/sql'
import { readSweeps } from '@holdfast/appview/store/sweep-notes'
import { openEmbedded, testBackends } from '@holdfast/appview/testing/backends'
import { sql } from 'drizzle-orm'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { scratchDirectory } from '../system/scratch.ts'

const [alice, bob] = ['did:plc:alice', 'did:plc:bob']
const v1 = 'a'.repeat(40)
let data: Awaited<ReturnType<typeof scratchDirectory>>
let catalog: Catalog
beforeAll(async () => {
  catalog = await openEmbedded()
})
beforeEach(async () => {
  data = await scratchDirectory()
  await catalog.db.execute(sql`
    TRUNCATE local.decision, local.admission, local.info_hash_admission, catalog.sweep`)
})
afterEach(() => data[Symbol.asyncDispose]())
afterAll(() => catalog[Symbol.asyncDispose]())

const account = (value: string) => ({ kind: 'did', value }) as const
const content = { kind: 'infohash', value: v1 } as const
const file = () => join(data.path, journalName)
const lines = async () => (await readFile(file(), 'utf8')).split('\n').slice(0, -1)
const standing = async ({ db } = catalog) => {
  const found = await rows<{ subject: string; action: string }>(
    db,
    sql`SELECT subject, action, reason FROM local.admission ORDER BY subject`,
  )
  return found
}

test('a decision is on the disk when it is acknowledged, with who made it and why', async () => {
  await using journal = await openDecisionJournal(data.path, catalog.db)
  await decideAdmission(catalog.db, account(alice), { action: 'deny', reason: 'spam', by: 'ana', journal })
  await decideAdmission(catalog.db, account(alice), { action: 'restore', by: 'ben', journal })
  expect((await lines()).map((line) => JSON.parse(line))).toMatchObject([
    { action: 'deny', subject: alice, subjectKind: 'did', reason: 'spam', by: 'ana' },
    { action: 'restore', subject: alice, subjectKind: 'did', reason: null, by: 'ben' },
  ])
})

test('an empty database takes every decision from the file, and the latest on a subject stands', async () => {
  {
    await using journal = await openDecisionJournal(data.path, catalog.db)
    const { db } = catalog
    await decideAdmission(db, account(alice), { action: 'deny', journal })
    await decideAdmission(db, account(alice), { action: 'allow', reason: 'a library', journal })
    await decideAdmission(db, account(bob), { action: 'deny', journal })
    await decideAdmission(db, account(bob), { action: 'restore', journal })
    await decideAdmission(db, content, { action: 'deny', journal })
  }
  await using fresh = await openEmbedded()
  await using journal = await openDecisionJournal(data.path, fresh.db)
  expect(journal.takenOver).toBe(5)
  expect(await standing(fresh)).toEqual(await standing())
  expect(await standing(fresh)).toMatchObject([
    { subject: v1, action: 'deny' },
    { subject: alice, action: 'allow', reason: 'a library' },
  ])
  expect((await readSweeps(fresh.db)).map(({ value }) => value).sort()).toEqual([v1, alice, bob].sort())
  expect(await lines()).toHaveLength(5)
})

test('all forms of an infohash that were known are denied again, though no record names them yet', async () => {
  const v2 = 'b'.repeat(64)
  const decided = {
    ...{ id: 'one', at: '2026-11-01T00:00:00.000Z', action: 'deny', subject: v1, subjectKind: 'infohash' },
    ...{ reason: null, by: null, infoHashes: [v1, v2, v2.slice(0, 40)] },
  }
  await writeFile(file(), `${JSON.stringify(decided)}\n`)
  await using _journal = await openDecisionJournal(data.path, catalog.db)
  const forms = await rows(catalog.db, sql`SELECT info_hash FROM local.info_hash_admission ORDER BY 1`)
  expect(forms.map((row) => row.info_hash)).toEqual([v1, v2.slice(0, 40), v2])
})

test('what was decided without the file is added to it', async () => {
  await decideAdmission(catalog.db, account(alice), { action: 'deny' })
  await using _journal = await openDecisionJournal(data.path, catalog.db)
  expect((await lines()).map((line) => JSON.parse(line).subject)).toEqual([alice])
})

test('a line that was cut off when the machine stopped is dropped, and the next one is whole', async () => {
  {
    await using journal = await openDecisionJournal(data.path, catalog.db)
    await decideAdmission(catalog.db, account(alice), { action: 'deny', journal })
  }
  await appendFile(file(), '{"id":"half","at":"2026')
  await using journal = await openDecisionJournal(data.path, catalog.db)
  await decideAdmission(catalog.db, account(bob), { action: 'deny', journal })
  expect((await lines()).map((line) => JSON.parse(line).subject)).toEqual([alice, bob])
})

test('a line that is no decision stops the start and is named', async () => {
  await writeFile(file(), '{"id":1}\n')
  await expect(openDecisionJournal(data.path, catalog.db)).rejects.toThrow(/Line 1 of .*decisions\.jsonl/)
  expect(await readFile(file(), 'utf8')).toBe('{"id":1}\n')
})

test.each(testBackends())('the history has pages, and one for each subject, on $name', async ({ open }) => {
  await using store = await open()
  for (const action of ['deny', 'allow', 'restore'] as const)
    await decideAdmission(store.db, account(alice), { action })
  await decideAdmission(store.db, account(bob), { action: 'deny' })
  const first = await listDecisions(store.db, { limit: 3 })
  const rest = await listDecisions(store.db, { limit: 3, cursor: first.cursor })
  const all = [...first.decisions, ...rest.decisions].map(({ subject, action }) => [subject, action])
  expect(all).toHaveLength(4)
  expect(all).toEqual(
    expect.arrayContaining([
      [bob, 'deny'],
      [alice, 'restore'],
      [alice, 'allow'],
      [alice, 'deny'],
    ]),
  )
  expect(rest.cursor).toBeUndefined()
  const ofBob = await listDecisions(store.db, { limit: 3, subjects: [bob] })
  expect(ofBob.decisions.map(({ subject }) => subject)).toEqual([bob])
})
