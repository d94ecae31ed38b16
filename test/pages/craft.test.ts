import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { needs } from '../system/requirements.ts'
import { scratchDirectory } from '../system/scratch.ts'
import { axeViolations, countCalls, countShifts, htmlErrors, mostShift, watch } from './audit.ts'
import { startBrowser } from './browser.ts'
import { samplePaths } from './sample/paths.ts'
import { fillSample, type Sample } from './sample/sample.ts'
import { type Site, startSite } from './site.ts'

/**
 * Limits for a page and everything it loads: bytes sent, compressed, and the number of its scripts' functions that are
 * called while it loads, which do not depend on the machine. `npm run bench -- pages` measures milliseconds.
 */
const mostOfPages = { bytes: 50_000, calls: 500 }
/** The pages for publishing include the OAuth client and the lexicons; nobody visits them first. */
const mostOfAccountPages = { bytes: 150_000, calls: 20_000 }
const accountPages = new Set([
  'publish',
  'publish-webseed',
  'publish-profile',
  'publish-assessment',
  'publish-torrent',
  'my-records',
])
/** Loading all pages one after the other takes a while on a busy machine. */
const slowMs = 300_000

describe.skipIf(!needs('how every page is made', 'chromium'))('every page', () => {
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

  test('is valid HTML, in both languages', async () => {
    const errors: string[] = []
    for (const [name, path] of Object.entries(samplePaths(sample))) {
      for (const language of ['en', 'es']) {
        const response = await fetch(site.url + path, {
          headers: { accept: 'text/html', 'accept-language': language },
        })
        expect(response.status, path).toBe(name === 'not-found' ? 404 : 200)
        for (const error of await htmlErrors(await response.text())) errors.push(`${name} ${error}`)
      }
    }
    expect(errors).toEqual([])
  })

  test.each([
    ['light', 1280],
    ['dark', 360],
  ] as const)(
    'passes axe, %s and %i pixels wide',
    async (colorScheme, width) => {
      await using context = await browser.newContext({ colorScheme, viewport: { width, height: 800 } })
      const page = await context.newPage()
      const found: string[] = []
      for (const [name, path] of Object.entries(samplePaths(sample))) {
        await page.goto(site.url + path)
        for (const violation of await axeViolations(page)) found.push(`${name} ${violation}`)
      }
      expect(found).toEqual([])
    },
    slowMs,
  )

  test('loads nothing from elsewhere, keeps to its policy and sets no cookie', async () => {
    await using context = await browser.newContext()
    const watched = watch(context, site.url)
    const page = await context.newPage()
    for (const [name, path] of Object.entries(samplePaths(sample))) {
      const response = await page.goto(site.url + path, { waitUntil: 'load' })
      expect(response?.headers()['content-security-policy'], name).toMatch(
        /^default-src 'none'; style-src 'self'; script-src 'self'/,
      )
      expect(response?.headers()['content-security-policy']).not.toMatch(/unsafe|\*/)
    }
    // The page for missing pages has the status 404, which the console reports as an error.
    const complaints = watched.complaints.filter((text) => !text.includes('404 (Not Found)'))
    expect({ ...watched, complaints }).toEqual({ strangers: [], complaints: [], dialogs: [] })
    expect(await context.cookies()).toEqual([])
  })

  test(
    'is light, does not shift while it loads, and runs little script',
    async () => {
      const report: Record<string, { bytes: number; shift: number; calls: number }> = {}
      await using context = await browser.newContext()
      const page = await context.newPage()
      const devTools = await context.newCDPSession(page)
      await devTools.send('Network.enable')
      await devTools.send('Network.setCacheDisabled', { cacheDisabled: true })
      let bytes = 0
      devTools.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength))
      await page.addInitScript(countShifts)
      for (const [name, path] of Object.entries(samplePaths(sample))) {
        bytes = 0
        const calls = await countCalls(page, () => page.goto(site.url + path, { waitUntil: 'networkidle' }))
        const shift = Number(await page.evaluate('globalThis.shift'))
        report[name] = { bytes, shift, calls }
      }
      expect(Object.keys(report)).toHaveLength(Object.keys(samplePaths(sample)).length)
      // The search box of each page has a script, so a count of zero would mean that nothing was counted.
      expect(Object.values(report).filter(({ calls }) => calls === 0)).toEqual([])
      const over = Object.entries(report).filter(([name, { bytes, shift, calls }]) => {
        const most = accountPages.has(name) ? mostOfAccountPages : mostOfPages
        return bytes > most.bytes || shift > mostShift || calls > most.calls
      })
      expect(over).toEqual([])
    },
    slowMs,
  )

  test('fits a narrow window without scrolling sideways', async () => {
    await using context = await browser.newContext({ viewport: { width: 320, height: 800 } })
    const page = await context.newPage()
    for (const [name, path] of Object.entries(samplePaths(sample))) {
      await page.goto(site.url + path)
      const width = await page.evaluate('document.documentElement.scrollWidth')
      expect(width, name).toBeLessThanOrEqual(320)
    }
  })
})
