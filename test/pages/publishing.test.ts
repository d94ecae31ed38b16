/** Publishing from the browser, against a real PDS and its own pages of consent. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BlobRef } from '@atproto/api'
import { collections } from '@holdfast/lexicons/nsid'
import { createTorrent } from '@holdfast/torrent/create'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waitFor } from '../network/wait-for.ts'
import { putRecord } from '../system/publish.ts'
import { scratchDirectory } from '../system/scratch.ts'
import { type System, startSystem } from '../system/system.ts'
import { query } from '../system/xrpc.ts'
import { axeViolations, countShifts, htmlErrors, mostShift, watch } from './audit.ts'
import { hasChromium, startBrowser } from './browser.ts'
import { signInAtPds } from './sign-in.ts'

const asReader = { headers: { accept: 'text/html' } }

describe.skipIf(!hasChromium('publishing from the browser'))('somebody who publishes', () => {
  let directory: Awaited<ReturnType<typeof scratchDirectory>>
  let system: System
  let context: BrowserContext
  let page: Page
  let site: string
  const stack = new AsyncDisposableStack()
  beforeAll(async () => {
    directory = stack.use(await scratchDirectory())
    system = stack.use(
      await startSystem({ directory: directory.path, accounts: ['alice', 'bobby'], pdsCount: 1 }),
    )
    const browser = stack.use(await startBrowser())
    context = stack.use(await browser.newContext({ locale: 'en-GB' }))
    page = await context.newPage()
    site = `http://127.0.0.1:${system.appView.port}`
  })
  afterAll(() => stack.disposeAsync())

  const dataset = () => page.locator('#dataset-form')

  test('signs in at their own server, which says what is asked for', async () => {
    const account = system.network.accounts[0]!
    await page.goto(`${site}/publish`)
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    expect(await dataset().isVisible(), 'the form comes after signing in').toBe(false)
    await page.getByLabel('Your handle').fill(account.pdsUrl)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.waitForURL((url) => url.origin === new URL(account.pdsUrl).origin)
    await signInAtPds(page, account)
    await page.waitForURL(`${site}/publish`)
    await page.getByText(`Signed in as ${account.handle}`).waitFor()
    expect(await context.cookies(site)).toEqual([])
  })

  test('is told at once what the lexicon says against a field', async () => {
    await dataset().getByLabel('Homepage').fill('not an address')
    await page.getByText(/homepage: /).waitFor()
    expect(await dataset().getByLabel('Homepage').getAttribute('aria-invalid')).toBe('true')
    await dataset().getByLabel('Homepage').fill('https://example.org/pits')
  })

  test('publishes a dataset with a torrent that was inspected here first', async () => {
    const watched = watch(context, site)
    await writeFile(join(directory.path, 'pits.csv'), 'pit,depth\n1,40\n')
    const torrent = await createTorrent([join(directory.path, 'pits.csv')], {})
    await writeFile(join(directory.path, 'pits.torrent'), torrent.metainfo)
    await dataset().getByLabel('Title').fill('Soil pits of the river plains')
    await dataset().getByLabel('Keywords').fill('soil, pits')
    await dataset().locator('input[type=file]').setInputFiles(join(directory.path, 'pits.torrent'))
    await page.getByText(torrent.infoHashV2!).waitFor()
    expect(watched.strangers, 'the torrent was read without sending anything').toEqual([])
    expect(await axeViolations(page)).toEqual([])
    await dataset().getByRole('button', { name: 'Publish' }).click()
    await page.getByText('It is in your repository.').waitFor()
    const asked = () => query<{ datasets: { uri: string }[] }>(site, 'searchDatasets', { q: 'soil pits' })
    const found = await waitFor(async () => (await asked()).datasets[0], { what: 'the dataset to be found' })
    expect(found.uri).toMatch(
      new RegExp(`/${collections.dataset}/soil-pits-of-the-river-plains-[0-9a-f]{8}$`),
    )
    await page.goto(`${site}/torrent/${torrent.infoHashV2}`)
    await waitFor(
      async () => {
        await page.reload()
        return page.getByRole('link', { name: 'Download .torrent' }).isVisible()
      },
      { what: 'the torrent to be verified' },
    )
    const served = await fetch(`${site}/torrent/${torrent.infoHashV2}.torrent?original`)
    expect(Buffer.from(await served.arrayBuffer())).toEqual(
      await readFile(join(directory.path, 'pits.torrent')),
    )
  })

  test('changes it, and what the form does not show stays', async () => {
    const { datasets } = await query<{ datasets: { uri: string; record: object }[] }>(
      site,
      'searchDatasets',
      { q: 'soil pits' },
    )
    const uri = datasets[0]!.uri
    await page.goto(`${site}/my`)
    await page
      .getByRole('listitem')
      .filter({ hasText: 'Soil pits of the river plains' })
      .getByRole('link', { name: 'Change' })
      .click()
    await page.waitForURL(/\/publish\?uri=/)
    await waitFor(async () => (await dataset().getByLabel('Title').inputValue()) !== '', {
      what: 'the form to be filled',
    })
    await dataset().getByLabel('Title').fill('Soil pits, corrected')
    await dataset().getByRole('button', { name: 'Publish the changes' }).click()
    await page.getByText('It is in your repository.').waitFor()
    const view = () =>
      query<{ dataset: { record: { title: string; keywords: unknown } } }>(site, 'getDataset', { uri })
    await waitFor(async () => (await view()).dataset.record.title === 'Soil pits, corrected', {
      what: 'the change to be seen',
    })
    expect((await view()).dataset.record.keywords).toEqual([{ name: 'soil' }, { name: 'pits' }])
  })

  test('changes what a torrent record says, and its files stay', async () => {
    await page.goto(`${site}/my`)
    const item = page.getByRole('listitem').filter({ hasText: 'pits.csv' })
    await item.getByRole('link', { name: 'Change' }).click()
    await page.waitForURL(/\/publish\/torrent\?uri=/)
    const form = page.locator('#torrent-form')
    await waitFor(async () => (await form.getByLabel(/^Name/).inputValue()) === 'pits.csv', {
      what: 'the form to be filled',
    })
    await form.getByLabel('Trackers').fill('no address')
    await page.getByText(/trackers\/0\/url: /).waitFor()
    await form.getByLabel('When the files were gathered').fill('2026-08')
    await form.getByLabel('Trackers').fill('https://tracker.example.org/announce')
    expect(await axeViolations(page)).toEqual([])
    const { agent, did } = system.network.accounts[0]!
    const read = async () => {
      const { data } = await agent.com.atproto.repo.listRecords({
        repo: did,
        collection: collections.torrent,
      })
      return data.records[0]!.value
    }
    const before = await read()
    await form.getByRole('button', { name: 'Publish' }).click()
    await page.getByText('It is in your repository.').waitFor()
    const trackers = [{ url: 'https://tracker.example.org/announce' }]
    expect(await read()).toEqual({ ...before, captured: '2026-08', trackers })
  })

  test('is told that a torrent to be changed must be there', async () => {
    await page.goto(`${site}/publish/torrent`)
    await page.getByText('Choose the torrent that you want to change').waitFor()
    const uri = `at://${system.network.accounts[0]!.did}/${collections.torrent}/none`
    await page.goto(`${site}/publish/torrent?${new URLSearchParams({ uri })}`)
    await page.getByText('There is no such record in your repository.').waitFor()
    expect(await page.locator('#torrent-form').isVisible()).toBe(false)
  })

  test('says how endangered a dataset of somebody else is, and thinks again', async () => {
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
    await form.getByLabel('Why').fill('Its programme ends.')
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
      risk: { level: 'endangered', reason: 'Its programme ends.', expectedGone: '2027-01' },
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

  test('says who they are, and changes it', async () => {
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
    // A kind that the form does not offer stays.
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

  test('gives the account a picture, drawn anew and served from here, and takes it back', async () => {
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

  test('shows no picture that is none, whatever its record and its server say', async () => {
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

  test('sees which of their records was rejected, and why', async () => {
    const account = system.network.accounts[0]!
    const uri = await putRecord(account, { collection: 'dataset', rkey: 'wrong', record: { title: 7 } })
    await waitFor(
      async () => (await query<{ status: string }>(site, 'getRecordStatus', { uri })).status === 'rejected',
      { what: 'the rejection' },
    )
    await page.goto(`${site}/my`)
    const item = page
      .getByRole('listitem')
      .filter({ has: page.getByText('a field is missing or has the wrong form') })
    await item.waitFor()
    expect(await item.innerText()).toMatch(/rejected[\s\S]*title/)
    await page.locator('#my-records[aria-busy=false]').waitFor()
    expect(await axeViolations(page)).toEqual([])
  })

  test('has pages that axe finds nothing against, that stand still and that fit a phone', async () => {
    const { did } = system.network.accounts[0]!
    const at = (collection: keyof typeof collections, rkey: string) =>
      `at://${did}/${collections[collection]}/${rkey}`
    const named = (uri: string) => new URLSearchParams({ uri })
    const own = await context.newPage()
    await own.addInitScript(countShifts)
    await own.setViewportSize({ width: 320, height: 800 })
    const found: string[] = []
    for (const path of [
      '/publish',
      `/publish?${named(at('dataset', 'wrong'))}`,
      '/publish/profile',
      `/publish/webseed?infoHash=${'a'.repeat(64)}`,
      `/publish/assessment?${new URLSearchParams({ subject: at('dataset', 'wrong') })}`,
      '/publish/torrent',
      '/my',
      `/account/${did}`,
      `/record?${named(at('dataset', 'wrong'))}`,
      '/status',
    ]) {
      await own.goto(site + path, { waitUntil: 'networkidle' })
      for (const violation of await axeViolations(own)) found.push(`${path} ${violation}`)
      const width = Number(await own.evaluate('document.documentElement.scrollWidth'))
      if (width > 320) found.push(`${path} is ${width} pixels wide`)
      const shift = Number(await own.evaluate('globalThis.shift'))
      if (shift > mostShift) found.push(`${path} moves by ${shift}`)
      for (const error of await htmlErrors(await (await fetch(site + path, asReader)).text()))
        found.push(`${path} ${error}`)
    }
    await own.close()
    expect(found).toEqual([])
  })

  test('without JavaScript reads why a record was rejected, and how to publish all the same', async () => {
    const { did } = system.network.accounts[0]!
    await using plain = await context.browser()!.newContext({ javaScriptEnabled: false, locale: 'en-GB' })
    const own = await plain.newPage()
    await own.goto(`${site}/status`)
    await own.getByRole('link', { name: 'Status of a record' }).click()
    await own.getByLabel('AT-URI of the record').fill(`at://${did}/${collections.dataset}/wrong`)
    await own.getByRole('button', { name: 'Look it up' }).click()
    const told = await own.getByRole('main').innerText()
    expect(told).toMatch(/rejected[\s\S]*a field is missing or has the wrong form[\s\S]*title/)
    await own.goto(`${site}/my`)
    expect(await own.getByRole('button', { name: 'Sign in' }).isVisible()).toBe(false)
    await own.getByRole('link', { name: 'how to publish from the command line' }).click()
    expect(await own.getByRole('heading', { name: 'From the command line' }).isVisible()).toBe(true)
  })

  test('deletes what is theirs', async () => {
    await page.goto(`${site}/my`)
    const item = page.getByRole('listitem').filter({ hasText: 'Soil pits, corrected' })
    await item.getByRole('button', { name: /^Delete/ }).click()
    await item.getByRole('button', { name: /^Really delete/ }).click()
    await page.getByText('Deleted: Soil pits, corrected').waitFor()
    const asked = () => query<{ datasets: unknown[] }>(site, 'searchDatasets', { q: 'soil pits' })
    await waitFor(async () => (await asked()).datasets.length === 0, { what: 'the dataset to be gone' })
  })

  test('signs out, and the page knows them no more', async () => {
    await page.goto(`${site}/my`)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
  })

  test('signs in by handle, and only the password is asked for', async () => {
    const account = system.network.accounts[1]!
    await using fresh = await context.browser()!.newContext({ locale: 'en-GB' })
    const own = await fresh.newPage()
    await own.goto(`${site}/my`)
    await own.getByLabel('Your handle').fill(`@${account.handle}`)
    await own.getByRole('button', { name: 'Sign in' }).click()
    await own.waitForURL((url) => url.origin === new URL(account.pdsUrl).origin)
    expect(await own.locator('input[name=username]').inputValue()).toBe(account.handle)
    await own.fill('input[type=password]', account.password)
    await own.keyboard.press('Enter')
    await own.getByRole('button', { name: 'Authorize' }).click()
    await own.waitForURL(`${site}/my`)
    await own.getByText(`Signed in as ${account.handle}`).waitFor()
    await own.getByRole('listitem').filter({ hasText: 'Wells' }).waitFor()
  })

  test('an account that does not exist is told so', async () => {
    await page.getByLabel('Your handle').fill('nobody.invalid')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText(/That did not lead to an account/).waitFor()
  })
})
