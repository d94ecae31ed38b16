/** Tests the forms for records other than datasets, filled in by somebody who is signed in at a real PDS. */
import type { BlobRef } from '@atproto/api'
import { collections } from '@holdfast/lexicons/nsid'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waitFor } from '../network/wait-for.ts'
import { putRecord } from '../system/publish.ts'
import { needs } from '../system/requirements.ts'
import { query } from '../system/xrpc.ts'
import { axeViolations } from './audit.ts'
import { type Publisher, signIn, startPublisher } from './publisher.ts'

describe.skipIf(!needs('the forms of records', 'chromium'))('somebody who is signed in', () => {
  let publisher: Publisher
  let system: Publisher['system']
  let page: Publisher['page']
  let site: string
  beforeAll(async () => {
    publisher = await startPublisher()
    ;({ system, page, site } = publisher)
    await signIn(publisher)
  })
  afterAll(() => publisher[Symbol.asyncDispose]())

  test('says how endangered somebody else’s dataset is, and changes that', async () => {
    const bobby = system.network.accounts[1]!
    const uri = await putRecord(bobby, { collection: 'dataset', rkey: 'wells', record: { title: 'Wells' } })
    const asked = () => fetch(`${site}/dataset/${bobby.did}/wells`, { headers: { accept: 'text/html' } })
    await waitFor(async () => (await asked()).ok, { what: 'the dataset to be indexed' })
    await page.goto(`${site}/dataset/${bobby.did}/wells`)
    await page.getByRole('link', { name: 'Say how endangered it is' }).click()
    const form = page.locator('#assessment-form')
    expect(await page.getByRole('main').getByRole('link', { name: 'Wells' }).isVisible()).toBe(true)
    expect(await form.getByLabel('AT-URI of the dataset').inputValue()).toBe(uri)
    await form.getByLabel('Evidence').fill('no address')
    await page.getByText(/evidence\/0\/url: /).waitFor()
    await form.getByLabel('Evidence').fill('https://example.org/notice')
    await form.getByLabel('Risk').selectOption('endangered')
    await form.getByLabel('Why').fill('Its program ends.')
    await form.getByLabel('Source expected to go').fill('2027-01')
    await form.getByLabel('Copies').selectOption('source-only')
    expect(await axeViolations(page)).toEqual([])
    await form.getByRole('button', { name: 'Publish' }).click()
    await page.getByText('It is in your repository.').waitFor()
    const assessments = async () => {
      const { dataset } = await query<{ dataset: { assessments?: { record: object }[]; cid: string } }>(
        site,
        'getDataset',
        { uri },
      )
      return { cid: dataset.cid, records: (dataset.assessments ?? []).map(({ record }) => record) }
    }
    await waitFor(async () => (await assessments()).records.length === 1, {
      what: 'the assessment to be seen',
    })
    const { cid, records } = await assessments()
    expect(records[0]).toMatchObject({
      subject: { uri, cid },
      risk: { level: 'endangered', reason: 'Its program ends.', expectedGone: '2027-01' },
      scarcity: 'source-only',
      evidence: [{ url: 'https://example.org/notice' }],
    })
    await form.getByLabel('Risk').selectOption('extinct')
    await form.getByRole('button', { name: 'Publish' }).click()
    await waitFor(async () => JSON.stringify((await assessments()).records).includes('"level":"extinct"'), {
      what: 'the change to be seen',
    })
    expect((await assessments()).records).toHaveLength(1)
  })

  test('edits their profile', async () => {
    const { agent, did } = system.network.accounts[0]!
    const read = async () => {
      const asked = { repo: did, collection: collections.profile, rkey: 'self' }
      return (await agent.com.atproto.repo.getRecord(asked)).data.value
    }
    await page.goto(`${site}/my`)
    await page.getByRole('link', { name: 'Your profile' }).click()
    const form = page.locator('#profile-form')
    await form.getByLabel('Name').fill('Alice of the pits')
    await form.getByLabel('What you are').selectOption('library')
    await form.getByLabel('A page about you').fill('pits')
    await page.getByText(/url: /).waitFor()
    await form.getByLabel('A page about you').fill('https://example.org/pits')
    expect(await axeViolations(page)).toEqual([])
    await form.getByRole('button', { name: 'Publish' }).click()
    await page.getByText('It is in your repository.').waitFor()
    expect(await read()).toMatchObject({ displayName: 'Alice of the pits', kind: 'library' })
    // A kind that the form does not offer is kept.
    await putRecord(system.network.accounts[0]!, {
      collection: 'profile',
      rkey: 'self',
      record: { ...((await read()) as object), kind: 'museum' },
    })
    await page.goto(`${site}/publish/profile`)
    await waitFor(async () => (await form.getByLabel('Name').inputValue()) === 'Alice of the pits', {
      what: 'the form to be filled',
    })
    await form.getByLabel('Name').fill('The pits library')
    await form.getByRole('button', { name: 'Publish' }).click()
    await page.getByText('It is in your repository.').waitFor()
    const changed = { displayName: 'The pits library', kind: 'museum', url: 'https://example.org/pits' }
    expect(await read()).toMatchObject(changed)
    const shown = async () =>
      (await fetch(`${site}/account/${did}`, { headers: { accept: 'text/html' } })).text()
    await waitFor(async () => (await shown()).includes('The pits library'), { what: 'the name to be seen' })
  })

  test('gives the account a picture, which is redrawn, and removes it', async () => {
    const { agent, did } = system.network.accounts[0]!
    const read = async () => {
      const asked = { repo: did, collection: collections.profile, rkey: 'self' }
      return (await agent.com.atproto.repo.getRecord(asked)).data.value as { avatar?: BlobRef }
    }
    await page.goto(`${site}/publish/profile`)
    const form = page.locator('#profile-form')
    const picture = form.getByLabel('A picture')
    await form.getByRole('button', { name: 'Publish' }).waitFor()
    expect(await form.getByLabel('Remove the picture').isVisible()).toBe(false)
    const script = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>')
    await picture.setInputFiles({ name: 'x.png', mimeType: 'image/png', buffer: script })
    await page.getByText('This file cannot be the picture').waitFor()
    const buffer = await page.screenshot()
    await picture.setInputFiles({ name: 'me.png', mimeType: 'image/png', buffer })
    await waitFor(async () => (await page.getByText('This file cannot be the picture').count()) === 0, {
      what: 'the problem to be gone',
    })
    await form.getByRole('button', { name: 'Publish' }).click()
    await page.getByText('It is in your repository.').waitFor()
    expect((await read()).avatar).toMatchObject({ mimeType: 'image/webp' })
    const shown = async () => {
      await page.goto(`${site}/account/${did}`)
      return page.locator('img.portrait').count()
    }
    await waitFor(async () => (await shown()) === 1, { what: 'the picture to be seen' })
    expect(await page.evaluate(`document.querySelector('img.portrait').decode().then(() => true)`)).toBe(true)
    const response = await fetch(`${site}/account/${did}/picture`)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'image/webp',
      'content-security-policy': "default-src 'none'; sandbox",
      'x-content-type-options': 'nosniff',
    })
    expect(response.headers.get('etag')).toMatch(/^"bafkrei/)
    await page.goto(`${site}/publish/profile`)
    await form.getByLabel('Remove the picture').check()
    await form.getByRole('button', { name: 'Publish' }).click()
    await page.getByText('It is in your repository.').waitFor()
    expect((await read()).avatar).toBeUndefined()
    await waitFor(async () => (await fetch(response.url)).status === 404, { what: 'the picture to be gone' })
  })

  test('sees no picture that is invalid, whatever record and server say', async () => {
    const account = system.network.accounts[1]!
    const script = new TextEncoder().encode('<!doctype html><script>alert(1)</script>'.padEnd(64))
    const { data } = await account.agent.com.atproto.repo.uploadBlob(script, { encoding: 'image/png' })
    const profile = { displayName: 'Bobby', avatar: data.blob }
    await putRecord(account, { collection: 'profile', rkey: 'self', record: profile })
    const named = async () =>
      (
        await (await fetch(`${site}/account/${account.did}`, { headers: { accept: 'text/html' } })).text()
      ).includes('class="portrait"')
    await waitFor(named, { what: 'the profile to be seen' })
    const response = await fetch(`${site}/account/${account.did}/picture`)
    expect(response.status).toBe(404)
    expect(await response.text()).not.toContain('alert(1)')
  })

  test('adds a webseed to content', async () => {
    await page.goto(`${site}/publish/webseed?infoHash=${'a'.repeat(64)}`)
    await page.getByLabel('Address of the files').fill('https://mirror.example.org/')
    await page.getByRole('button', { name: 'Publish' }).click()
    await page.getByText('It is in your repository.').waitFor()
  })
})
