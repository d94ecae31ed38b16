import { readFile } from 'node:fs/promises'
import { parseMetainfo } from '@holdfast/torrent/metainfo'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { needs } from '../system/requirements.ts'
import { scratchDirectory } from '../system/scratch.ts'
import { startBrowser } from './browser.ts'
import { fillSample, type Sample } from './sample/sample.ts'
import { type Site, startSite } from './site.ts'

describe.skipIf(!needs('the stories of readers', 'chromium'))('a reader', () => {
  let site: Site
  let sample: Sample
  let browser: Awaited<ReturnType<typeof startBrowser>>
  const stack = new AsyncDisposableStack()
  beforeAll(async () => {
    site = stack.use(await startSite())
    const directory = stack.use(await scratchDirectory())
    sample = await fillSample(site.catalog, directory.path)
    browser = stack.use(await startBrowser())
  })
  afterAll(() => stack.disposeAsync())

  describe.each([true, false])('with script: %s', (javaScriptEnabled) => {
    let context: BrowserContext
    let page: Page
    beforeAll(async () => {
      context = await browser.newContext({ javaScriptEnabled, locale: 'en-GB', acceptDownloads: true })
      page = await context.newPage()
    })
    afterAll(() => context.close())

    test('finds a dataset by words, reads it and downloads its torrent', async () => {
      await page.goto(site.url)
      await page.getByRole('searchbox').or(page.getByRole('combobox')).fill('sea ice extent')
      await page.getByRole('button', { name: 'Search' }).click()
      await page.waitForURL(/\/search\?q=sea\+ice\+extent/)
      await page.getByRole('link', { name: /^Sea ice extent of the Arctic/ }).click()
      await page.waitForURL(/\/dataset\/did:plc:/)
      expect(await page.getByRole('heading', { level: 1 }).textContent()).toMatch(/^Sea ice extent/)
      expect(await page.getByText('held by 14 people').first().isVisible()).toBe(true)
      expect(await page.getByRole('link', { name: 'CC0-1.0' }).isVisible()).toBe(true)
      const downloading = page.waitForEvent('download')
      await page.getByRole('link', { name: 'Download .torrent' }).first().click()
      const download = await downloading
      expect(download.suggestedFilename()).toBe('sea-ice-extent.torrent')
      const metainfo = parseMetainfo(await readFile(await download.path()))
      expect(metainfo.infoHashV2).toBe(sample.torrents.ice!.infoHash)
      expect(metainfo.trackers.map(({ url }) => url)).toContain('https://tracker.holdfast.example/announce')
    })

    test('narrows a search by a facet and undoes it', async () => {
      await page.goto(`${site.url}/search`)
      await page
        .getByRole('link', { name: /^climate/ })
        .first()
        .click()
      await page.waitForURL(/keyword=climate/)
      const narrowed = await page.getByRole('status').textContent()
      await page.getByRole('list', { name: 'Filters in use' }).getByRole('link').click()
      await page.waitForURL((url) => !url.searchParams.has('keyword'))
      const all = await page.getByRole('status').textContent()
      expect(Number.parseInt(narrowed ?? '', 10)).toBeLessThan(Number.parseInt(all ?? '', 10))
    })

    test('opens folders of a torrent’s files and goes back', async () => {
      await page.goto(`${site.url}/torrent/${sample.torrents.ice!.infoHash}`)
      await page.getByRole('link', { name: 'monthly/' }).click()
      expect(await page.getByRole('cell', { name: '1985/' }).isVisible()).toBe(true)
      await page.getByRole('link', { name: 'All files' }).click()
      expect(await page.getByRole('cell', { name: 'README.md' }).isVisible()).toBe(true)
    })

    test('sees what needs help and why', async () => {
      await page.goto(`${site.url}/needs`)
      const text = await page.getByRole('main').innerText()
      // The third version of the sea ice is hidden too, but its fourth has replaced it.
      expect(text).toMatch(/1 dataset loses its source this month; 2 torrents have too few seeders/)
      expect(text).toMatch(/nobody seeds it now/)
      expect(text).toMatch(/no webseed is known to serve it/)
    })

    test('keeps a chosen language from page to page', async () => {
      await page.goto(`${site.url}/needs`)
      await page.getByRole('link', { name: 'Español' }).click()
      await page.getByRole('link', { name: 'Cómo ayudar' }).first().click()
      expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Cómo ayudar')
      expect(await page.locator('html').getAttribute('lang')).toBe('es')
    })

    test('tries an API method on its own page', async () => {
      await page.goto(`${site.url}/api/searchDatasets`)
      await page.getByLabel('q', { exact: true }).fill('soil')
      await page.getByLabel('limit').fill('1')
      await page.getByRole('button', { name: 'Send' }).click()
      const answer = javaScriptEnabled ? page.locator('.answer') : page.locator('body')
      await answer.getByText('Soil survey of the river plains').first().waitFor()
    })
  })

  test('completes a query by keyboard', async () => {
    await using context = await browser.newContext({ locale: 'en-GB' })
    const page = await context.newPage()
    await page.goto(site.url)
    await page.getByRole('combobox').pressSequentially('sea ic')
    await page.getByRole('option').first().waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.waitForURL((url) => url.pathname !== '/')
    expect(page.url()).toMatch(/\/(dataset|keyword|search)/)
  })

  test('keeps the language when choosing a completion', async () => {
    await using context = await browser.newContext({ locale: 'en-GB' })
    const page = await context.newPage()
    await page.goto(`${site.url}/?lang=es`)
    await page.getByRole('combobox').pressSequentially('climat')
    await page.getByRole('option', { name: /palabra clave/ }).click()
    await page.waitForURL(/\/keyword\/climate\?lang=es$/)
    await page
      .getByRole('link', { name: /^Bureau of Soils/ })
      .first()
      .click()
    expect(await page.locator('html').getAttribute('lang')).toBe('es')
  })

  test('sees results while typing on the search page', async () => {
    await using context = await browser.newContext({ locale: 'en-GB' })
    const page = await context.newPage()
    await page.goto(`${site.url}/search`)
    await page.getByRole('combobox', { name: 'Search datasets' }).pressSequentially('harbours')
    await page.waitForURL(/q=harbours/)
    expect(await page.getByRole('article').count()).toBe(1)
  })

  test('copies a citation', async () => {
    await using context = await browser.newContext({ locale: 'en-GB' })
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: site.url })
    const page = await context.newPage()
    await page.goto(`${site.url}/search?q=sea+ice`)
    await page.getByRole('link', { name: /^Sea ice extent of the Arctic/ }).click()
    await page.getByText('BibTeX').click()
    await page.getByRole('button', { name: 'Copy: BibTeX' }).click()
    await page.getByText('Copied').waitFor()
    expect(await page.evaluate('navigator.clipboard.readText()')).toMatch(/^@misc\{fetterer2017,/)
  })

  test('goes straight to what an identifier names', async () => {
    const { infoHash } = sample.torrents.ice!
    const response = await fetch(`${site.url}/search?q=${infoHash}`, { headers: { accept: 'text/html' } })
    expect(response.url).toBe(`${site.url}/torrent/${infoHash}`)
  })

  test('reaches everything by keyboard, first a link past the header', async () => {
    await using context = await browser.newContext({ locale: 'en-GB' })
    const page = await context.newPage()
    await page.goto(`${site.url}/needs`)
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to content')
    await page.keyboard.press('Enter')
    expect(await page.evaluate('document.activeElement.id')).toBe('main')
  })
})
