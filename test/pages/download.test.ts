import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, normalize } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { needs } from '../system/requirements.ts'
import { scratchDirectory } from '../system/scratch.ts'
import { watch } from './audit.ts'
import { startBrowser } from './browser.ts'
import { fillSample, type Sample, volunteer } from './sample/sample.ts'
import { putProbe, putRecord } from './sample/write.ts'
import { type Site, startSite } from './site.ts'

describe.skipIf(!needs('downloading in the browser', 'chromium'))(
  'somebody who cannot install a client',
  () => {
    let site: Site
    let sample: Sample
    let files: string
    let mirror: AsyncDisposable & { url: string }
    let browser: Awaited<ReturnType<typeof startBrowser>>
    let spoilt = false
    const stack = new AsyncDisposableStack()
    beforeAll(async () => {
      site = stack.use(await startSite())
      files = stack.use(await scratchDirectory()).path
      sample = await fillSample(site.catalog, files)
      mirror = stack.use(await startMirror(files, () => spoilt))
      const { infoHash } = sample.torrents.earlier!
      const value = { subject: { infoHashV2: infoHash }, url: mirror.url, kind: 'bep19' }
      await putRecord(site.catalog, {
        did: volunteer.did,
        collection: 'webseed',
        rkey: '3m4local222222',
        value,
      })
      await putProbe(site.catalog, {
        subject: infoHash,
        url: mirror.url,
        status: 'verified',
        detail: { cors: true },
      })
      browser = stack.use(await startBrowser())
    })
    afterAll(() => stack.disposeAsync())

    test('is told that a checked web server has the files', async () => {
      const [, , did, , rkey] = sample.datasets['long-name']!.split('/')
      const { infoHash } = sample.torrents.strange!
      const url = 'https://mirror.example.org/'
      await putRecord(site.catalog, {
        did: volunteer.did,
        collection: 'webseed',
        rkey: '3m4checked2222',
        value: { subject: { infoHashV2: infoHash }, url, kind: 'bep19' },
      })
      await putProbe(site.catalog, { subject: infoHash, url, status: 'verified' })
      const response = await fetch(`${site.url}/dataset/${did}/${rkey}`, { headers: { accept: 'text/html' } })
      const text = await response.text()
      expect(text).toContain('1 webseed still serves it')
      expect(text).not.toContain('no webseed is known')
    })

    const open = async (page: Page) => {
      await page.goto(`${site.url}/torrent/${sample.torrents.earlier!.infoHash}`)
      await page.getByRole('button', { name: 'Download in the browser' }).click()
    }

    test('gets every file written to a folder, complete and checked', async () => {
      await using context = await browser.newContext({ locale: 'en-GB' })
      const watched = watch(context, site.url)
      const page = await context.newPage()
      // The origin's private folder is a real one, because a dialog cannot be answered here.
      await page.addInitScript('globalThis.showDirectoryPicker = () => navigator.storage.getDirectory()')
      await open(page)
      await page.getByText('Every piece was checked and is right.').waitFor()
      for (const name of ['README.md', 'monthly.csv']) {
        const read = `navigator.storage.getDirectory()
        .then((folder) => folder.getFileHandle('${name}')).then((handle) => handle.getFile()).then((file) => file.text())`
        expect(await page.evaluate(read)).toBe(
          await readFile(join(files, 'sea-ice-extent-2024', name), 'utf8'),
        )
      }
      expect(watched.complaints).toEqual([])
      expect(watched.strangers.every((url) => url.startsWith(mirror.url))).toBe(true)
    })

    test('gets files to save if the browser cannot write to folders', async () => {
      await using context = await browser.newContext({ locale: 'en-GB', acceptDownloads: true })
      const page = await context.newPage()
      await page.addInitScript('delete globalThis.showDirectoryPicker')
      await open(page)
      const downloading = page.waitForEvent('download')
      await page.getByRole('link', { name: 'Save monthly.csv' }).click()
      const path = await (await downloading).path()
      expect(await readFile(path)).toEqual(await readFile(join(files, 'sea-ice-extent-2024', 'monthly.csv')))
    })

    test('is told which piece was wrong', async () => {
      spoilt = true
      await using context = await browser.newContext({ locale: 'en-GB' })
      const page = await context.newPage()
      await page.addInitScript('delete globalThis.showDirectoryPicker')
      await open(page)
      await page.getByText(/piece 0: the SHA-/).waitFor()
      expect(await page.getByRole('link', { name: /^Save/ }).count()).toBe(0)
    })
  },
)

/** A web server that browsers of any site may read. */
async function startMirror(
  directory: string,
  isSpoilt: () => boolean,
): Promise<AsyncDisposable & { url: string }> {
  const server = createServer(async (request, response) => {
    const file = join(directory, normalize(decodeURIComponent(request.url ?? '/')))
    const { size } = await stat(file)
    const [, from = '0', to = String(size - 1)] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '') ?? []
    response.writeHead(206, {
      'access-control-allow-origin': '*',
      'content-range': `bytes ${from}-${to}/${size}`,
      'content-length': Number(to) - Number(from) + 1,
    })
    if (isSpoilt()) response.end(Buffer.alloc(Number(to) - Number(from) + 1, 'z'))
    else createReadStream(file, { start: Number(from), end: Number(to) }).pipe(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
