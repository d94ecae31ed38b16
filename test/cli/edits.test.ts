import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { collections } from '@holdfast/lexicons/nsid'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestAccount } from '../network/accounts.ts'
import { type Network, startNetwork } from '../network/network.ts'
import { type Json, type Person, startPerson } from './run-holdfast.ts'

let network: Network
let account: TestAccount
beforeAll(async () => {
  network = await startNetwork({ pdsCount: 1, accounts: 1, relay: false })
  account = network.accounts[0]!
})
afterAll(() => network?.[Symbol.asyncDispose]())

const place = (uri: string) => {
  const [repo, collection, rkey] = uri.slice('at://'.length).split('/') as [string, string, string]
  return { repo, collection, rkey }
}
const recordAt = async (uri: string): Promise<Json> =>
  (await account.agent.com.atproto.repo.getRecord(place(uri))).data.value
/** Changes a record, as another program, or a newer version of this one, would. */
const putFields = async (uri: string, fields: object) =>
  account.agent.com.atproto.repo.putRecord({ ...place(uri), record: { ...(await recordAt(uri)), ...fields } })
const write = (person: Person, name: string, content: string | object) =>
  writeFile(join(person.home, name), typeof content === 'string' ? content : JSON.stringify(content))

const meta = { title: 'Levels', rkey: 'levels', description: 'From the file.', keywords: [{ name: 'river' }] }

test('publishing again takes changes of META and keeps edits of the record', async () => {
  await using person = await startPerson(network, { account })
  await write(person, 'meta.json', meta)
  await write(person, 'levels.csv', 'day,cm\n1,312\n')
  const publish = (...more: string[]) =>
    person.json(
      'publish',
      'levels.csv',
      '--dataset',
      'meta.json',
      '--no-save',
      '--tracker',
      'http://t.example/a',
      ...more,
    )
  const first = await publish('--tool', 'wget')
  const { uri } = first.dataset
  await person.json(
    'edit',
    uri,
    '--set',
    'risk.level=endangered',
    '--set',
    'description=Mine',
    '--set',
    'keywords.1.name=hand',
  )
  await person.json(
    'edit',
    first.torrents[0].uri,
    '--set',
    'tool=curl',
    '--set',
    'trackers.1={url: "http://mine.example/a", tier: 1}',
  )
  await putFields(uri, { ofANewerVersion: { x: 1 } })
  await putFields(first.torrents[0].uri, { ofANewerVersion: { x: 1 } })

  await write(person, 'meta.json', {
    ...meta,
    description: 'Changed.',
    keywords: [{ name: 'Rhine' }],
    version: '2',
  })
  const again = await publish('--tool', 'wget')
  expect(await recordAt(uri)).toMatchObject({
    title: 'Levels',
    description: 'Mine',
    keywords: [{ name: 'hand' }, { name: 'Rhine' }],
    risk: { level: 'endangered' },
    version: '2',
    ofANewerVersion: { x: 1 },
  })
  expect(again.dataset.kept.toSorted()).toEqual(['description', 'keywords', 'ofANewerVersion', 'risk'])
  expect(await recordAt(again.torrents[0].uri)).toMatchObject({
    tool: 'curl',
    trackers: [{ url: 'http://t.example/a' }, { url: 'http://mine.example/a' }],
    ofANewerVersion: { x: 1 },
  })
  expect(again.torrents[0].kept).toEqual(expect.arrayContaining(['tool', 'trackers']))
  const told = await person.run('publish', '--dataset', 'meta.json')
  expect(told.stdout).toMatch(/kept as the record has it: .*risk.*--replace-fields/)

  const replaced = await publish('--replace-fields')
  expect(replaced.dataset.kept).toBeUndefined()
  const { createdAt: _, ...value } = await recordAt(uri)
  const { rkey: __, ...said } = meta
  expect(value).toEqual({
    ...said,
    description: 'Changed.',
    keywords: [{ name: 'Rhine' }],
    version: '2',
    $type: collections.dataset,
  })
})

test('publishing with flags only neither erases fields nor makes a second dataset', async () => {
  await using person = await startPerson(network, { account })
  const { dataset } = await person.json(
    'publish',
    '--title',
    'Tides',
    '--description',
    'ebb',
    '--keyword',
    'sea',
  )
  await person.json('edit', dataset.uri, '--set', 'title=Something else entirely')
  const again = await person.json('publish', '--title', 'Tides')
  expect(again.dataset).toMatchObject({ uri: dataset.uri, action: 'unchanged', kept: ['title'] })
  expect(await recordAt(dataset.uri)).toMatchObject({
    title: 'Something else entirely',
    description: 'ebb',
    keywords: [{ name: 'sea' }],
  })
})

test('without a record of the last run, reports each value that it replaces', async () => {
  await using person = await startPerson(network, { account })
  await write(person, 'meta.json', { ...meta, rkey: 'elsewhere', title: 'Elsewhere' })
  const { dataset } = await person.json('publish', '--dataset', 'meta.json')
  await putFields(dataset.uri, {
    description: 'By the web form',
    citation: 'mine',
    keywords: [{ name: 'form' }],
  })
  await rm(join(person.home, 'config'), { recursive: true })
  const again = await person.json('publish', '--dataset', 'meta.json')
  const value = await recordAt(dataset.uri)
  expect(value).toMatchObject({ description: 'From the file.', citation: 'mine' })
  expect(value.keywords).toEqual(expect.arrayContaining([{ name: 'form' }, { name: 'river' }]))
  expect(again.dataset).toMatchObject({
    kept: expect.arrayContaining(['citation', 'keywords']),
    replaced: [{ field: 'description', was: 'By the web form' }],
  })
})

test('edits made before the first remembered run stay', async () => {
  await using person = await startPerson(network, { account })
  await write(person, 'meta.json', { ...meta, rkey: 'older', title: 'Older' })
  const { dataset } = await person.json('publish', '--dataset', 'meta.json')
  await rm(join(person.home, 'config'), { recursive: true })
  await person.json('edit', dataset.uri, '--set', 'description=Mine')
  await person.json('publish', '--dataset', 'meta.json')
  expect((await recordAt(dataset.uri)).description).toBe('Mine')
})

test('an import takes changes of its catalog and keeps edits of the record', async () => {
  await using person = await startPerson(network, { account })
  const entry = {
    title: 'Gauges',
    identifier: 'gauges-1',
    accessLevel: 'public',
    description: 'D',
    keyword: ['a'],
    temporal: '2001/2002',
  }
  await write(person, 'data.json', {
    conformsTo: 'https://project-open-data.cio.gov/v1.1/schema',
    dataset: [entry],
  })
  const [{ uri }] = await importLines(person)
  await person.json(
    'edit',
    uri,
    '--set',
    'description=Better',
    '--set',
    'scarcity=source-only',
    '--unset',
    'keywords',
  )
  const { temporal: _, ...rest } = entry
  await write(person, 'data.json', {
    conformsTo: 'https://project-open-data.cio.gov/v1.1/schema',
    dataset: [{ ...rest, title: 'Gauges of the Rhine' }],
  })
  const [again] = await importLines(person)
  expect(again).toMatchObject({ uri, action: 'updated', removed: ['temporal'] })
  expect(again.kept.toSorted()).toEqual(['description', 'keywords', 'scarcity'])
  const value = await recordAt(uri)
  expect(value).toMatchObject({
    title: 'Gauges of the Rhine',
    description: 'Better',
    scarcity: 'source-only',
  })
  expect([value.keywords, value.temporal]).toEqual([undefined, undefined])
})

test('updates the record of an entry that its catalog renamed or moved', async () => {
  await using person = await startPerson(network, { account })
  const package_ = (name: string, title: string, id: string) => ({
    name,
    title,
    id,
    owner_org: 'x',
    num_resources: 0,
  })
  const ids = ['0d6d2b5c-0000-4000-8000-000000000001', '0d6d2b5c-0000-4000-8000-000000000002']
  await write(person, 'data.json', {
    packages: [package_('ice', 'Ice', ids[0]!), package_('snow', 'Ice', ids[1]!)],
  })
  const first = await importLines(person)
  expect(first.slice(0, 2).map(({ action }) => action)).toEqual(['created', 'created'])
  await person.json('edit', first[0].uri, '--set', 'title=Frozen water')
  await write(person, 'data.json', {
    packages: [package_('snow', 'Snow', ids[1]!), package_('glaciers', 'Ice', ids[0]!)],
  })
  const again = await importLines(person)
  expect(again.slice(0, 2).map(({ uri }) => uri)).toEqual([first[1].uri, first[0].uri])
  expect((await recordAt(first[0].uri)).title).toBe('Frozen water')
})

async function importLines(person: Person): Promise<Json[]> {
  const { code, stdout, stderr } = await person.run('import', 'data.json', '--json')
  if (code !== 0) throw new Error(stderr)
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}
