/** Tests publishing from the browser, with a real PDS and its own consent pages. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { collections } from '@holdfast/lexicons/nsid'
import { createTorrent } from '@holdfast/torrent/create'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waitFor } from '../network/wait-for.ts'
import { putRecord } from '../system/publish.ts'
import { needs } from '../system/requirements.ts'
import { query } from '../system/xrpc.ts'
import { axeViolations, countShifts, htmlErrors, mostShift, watch } from './audit.ts'
import { type Publisher, signIn, startPublisher } from './publisher.ts'

const asReader = { headers: { accept: 'text/html' } }

describe.skipIf(!needs('publishing from the browser', 'chromium'))('somebody who publishes', () => {
  let publisher: Publisher
  let system: Publisher['system']
  let context: Publisher['context']
  let page: Publisher['page']
  let site: string
  beforeAll(async () => {
    publisher = await startPublisher()
    ;({ system, context, page, site } = publisher)
  })
  afterAll(() => publisher[Symbol.asyncDispose]())

  const dataset = () => page.locator('#dataset-form')

  test('signs in at their own server, which says what is requested', async () => {
    await page.goto(`${site}/publish`)
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    expect(await dataset().isVisible(), 'the form comes after signing in').toBe(false)
    await signIn(publisher)
    expect(await context.cookies(site)).toEqual([])
  })

  test('sees at once that a field is invalid', async () => {
    await dataset().getByLabel('Homepage').fill('not an address')
    await page.getByText(/homepage: /).waitFor()
    expect(await dataset().getByLabel('Homepage').getAttribute('aria-invalid')).toBe('true')
    await dataset().getByLabel('Homepage').fill('https://example.org/pits')
  })

  test('publishes a dataset with a torrent that the browser inspected first', async () => {
    const watched = watch(context, site)
    await writeFile(join(publisher.directory, 'pits.csv'), 'pit,depth\n1,40\n')
    const torrent = await createTorrent([join(publisher.directory, 'pits.csv')], {})
    await writeFile(join(publisher.directory, 'pits.torrent'), torrent.metainfo)
    await dataset().getByLabel('Title').fill('Soil pits of the river plains')
    await dataset().getByLabel('Keywords').fill('soil\npits')
    await dataset().locator('input[type=file]').setInputFiles(join(publisher.directory, 'pits.torrent'))
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
      await readFile(join(publisher.directory, 'pits.torrent')),
    )
  })

  test('changes a dataset, of which fields without a form entry are kept', async () => {
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

  test('changes a torrent record without its files', async () => {
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

  test('is told that a torrent to be changed does not exist', async () => {
    await page.goto(`${site}/publish/torrent`)
    await page.getByText('Choose the torrent that you want to change').waitFor()
    const uri = `at://${system.network.accounts[0]!.did}/${collections.torrent}/none`
    await page.goto(`${site}/publish/torrent?${new URLSearchParams({ uri })}`)
    await page.getByText('There is no such record in your repository.').waitFor()
    expect(await page.locator('#torrent-form').isVisible()).toBe(false)
  })

  test('sees why a record of theirs was rejected', async () => {
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

  test('gets pages that pass axe, do not shift and fit a phone', async () => {
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

  test('without JavaScript, reads why a record was rejected and how to publish', async () => {
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

  test('deletes their own records', async () => {
    await page.goto(`${site}/my`)
    const item = page.getByRole('listitem').filter({ hasText: 'Soil pits, corrected' })
    await item.getByRole('button', { name: /^Delete/ }).click()
    await item.getByRole('button', { name: /^Really delete/ }).click()
    await page.getByText('Deleted: Soil pits, corrected').waitFor()
    const asked = () => query<{ datasets: unknown[] }>(site, 'searchDatasets', { q: 'soil pits' })
    await waitFor(async () => (await asked()).datasets.length === 0, { what: 'the dataset to be gone' })
  })

  test('signs out', async () => {
    await page.goto(`${site}/my`)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
  })

  test('signs in by handle and has to type only the password', async () => {
    const account = system.network.accounts[1]!
    await putRecord(account, { collection: 'dataset', rkey: 'wells', record: { title: 'Wells' } })
    // No DNS knows a handle of the test network, so the site resolves it only once the index has checked it.
    const resolved = async () =>
      (await fetch(`${site}/resolve-handle?${new URLSearchParams({ handle: account.handle })}`)).ok
    await waitFor(resolved, { what: 'the handle to be checked' })
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

  test('is told that an account does not exist', async () => {
    await page.getByLabel('Your handle').fill('nobody.invalid')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText(/No account was found/).waitFor()
  })
})
