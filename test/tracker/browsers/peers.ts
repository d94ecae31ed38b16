import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { meetsOnLoopback, startBrowser } from '../../pages/browser.ts'

/** A page in a browser process of its own: two pages of one browser could share more than a network. */
export async function openPeer(browsers: AsyncDisposableStack, url: string) {
  const browser = browsers.use(await startBrowser(meetsOnLoopback))
  const page = await browser.newPage()
  await page.goto(url)
  await page.waitForFunction('globalThis.download !== undefined')
  return page
}

/** Serves `peer.html` and the build of WebTorrent that it runs. */
export async function servePeers(): Promise<AsyncDisposable & { url: string }> {
  const bundle = path.join(
    path.dirname(createRequire(import.meta.url).resolve('webtorrent/package.json')),
    'dist/webtorrent.min.js',
  )
  const server = createServer(async (request, response) => {
    const script = request.url === '/webtorrent.min.js'
    response.setHeader('content-type', script ? 'text/javascript' : 'text/html')
    response.end(await readFile(script ? bundle : new URL('peer.html', import.meta.url)))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}
