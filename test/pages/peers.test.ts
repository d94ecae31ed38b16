import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseMetainfo } from '@holdfast/torrent/metainfo'
import { ListServer } from '@holdfast/tracker/allow-list/list-server'
import { loadConfig } from '@holdfast/tracker/config'
import { startTracker, type Tracker } from '@holdfast/tracker/main'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waitFor } from '../network/wait-for.ts'
import { needs } from '../system/requirements.ts'
import { scratchDirectory } from '../system/scratch.ts'
import { openPeer, servePeers } from '../tracker/browsers/peers.ts'
import { axeViolations, watch } from './audit.ts'
import { meetsOnLoopback, startBrowser } from './browser.ts'
import { fillSample } from './sample/sample.ts'
import { type Site, startSite } from './site.ts'

const names = ['README.md', 'monthly.csv']

describe.skipIf(!needs('joining a swarm in the browser', 'chromium'))(
  'somebody who joins a swarm from a page',
  () => {
    let site: Site
    let tracker: Tracker
    let infoHash: string
    let files: string
    const stack = new AsyncDisposableStack()
    beforeAll(async () => {
      files = stack.use(await scratchDirectory()).path
      const list = stack.use(new ListServer())
      await list.start()
      const { path: dataDir } = stack.use(await scratchDirectory())
      const env = { HOLDFAST_APPVIEW_URL: list.url, HOLDFAST_DATA_DIR: dataDir, HOLDFAST_LOG_LEVEL: 'silent' }
      tracker = stack.use(await startTracker({ ...loadConfig(env), port: 0, udpPort: 0, host: '127.0.0.1' }))
      site = stack.use(await startSite({ env: { HOLDFAST_TRACKERS: `ws://127.0.0.1:${tracker.port}/` } }))
      infoHash = (await fillSample(site.catalog, files)).torrents.earlier!.infoHash
      const metainfo = await readTorrent()
      list.add({ infoHashV1: metainfo.infoHashV1! })
      const known = async () =>
        (await (await fetch(`http://127.0.0.1:${tracker.port}/metrics`)).text()).includes(
          'tracker_torrents 1',
        )
      await waitFor(known, { what: 'the tracker to know the torrent' })
      await seed(metainfo)
    })
    afterAll(() => stack.disposeAsync())

    async function readTorrent() {
      const response = await fetch(`${site.url}/torrent/${infoHash}.torrent?original`)
      return parseMetainfo(new Uint8Array(await response.arrayBuffer()))
    }

    /** Another browser has the complete content. */
    async function seed(metainfo: ReturnType<typeof parseMetainfo>): Promise<void> {
      const content = Buffer.alloc(metainfo.paddedSizeBytes)
      for (const file of metainfo.iterateFiles())
        content.set(await readFile(join(files, 'sea-ice-extent-2024', ...file.path)), file.offset)
      const pages = stack.use(await servePeers())
      const page = await openPeer(stack, pages.url)
      const bare = Buffer.concat([Buffer.from('d4:info'), metainfo.infoBytes, Buffer.from('e')])
      const task = {
        metainfo: bare.toString('base64'),
        content: content.toString('base64'),
        pieceLength: metainfo.pieceLengthBytes,
        tracker: `ws://127.0.0.1:${tracker.port}`,
      }
      expect(await page.evaluate(`seedTorrent(${JSON.stringify(task)})`)).toBe(metainfo.infoHashV1)
    }

    test('is told what others will see before anything is loaded, then gets every file', async () => {
      await using browser = await startBrowser(meetsOnLoopback)
      await using context = await browser.newContext({ locale: 'en-GB' })
      const watched = watch(context, site.url)
      const asked: string[] = []
      context.on('request', (request) => asked.push(request.url()))
      const page = await context.newPage()
      page.on('websocket', (socket) => asked.push(socket.url()))
      await page.addInitScript('delete globalThis.showDirectoryPicker')
      await page.goto(`${site.url}/torrent/${infoHash}`)
      await page.getByText('Joining the swarm shows the address').waitFor()
      expect(await axeViolations(page)).toEqual([])
      const joined = () => asked.filter((url) => url.includes('peers.min') || url.startsWith('ws:'))
      await page.waitForLoadState('networkidle')
      expect(joined()).toEqual([])
      await page.getByRole('button', { name: 'Show my address, join the swarm and download' }).click()
      await page.getByText('Every piece was checked and is right. You pass them on').waitFor()
      expect(joined()).toHaveLength(2)
      for (const name of names) {
        const downloading = page.waitForEvent('download')
        await page.getByRole('link', { name: `Save ${name}` }).click()
        const saved = await (await downloading).path()
        expect(await readFile(saved)).toEqual(await readFile(join(files, 'sea-ice-extent-2024', name)))
      }
      expect(watched.complaints).toEqual([])
      expect(watched.strangers).toEqual([])
    })
  },
)

test('sees the STUN servers that a browser asks for its address', async () => {
  await using site = await startSite({
    env: {
      HOLDFAST_TRACKERS: 'wss://tracker.example.org,udp://tracker.example.org:6969/announce',
      HOLDFAST_STUN_SERVERS: 'stun:stun.example.org:3478',
    },
  })
  await using files = await scratchDirectory()
  const { torrents } = await fillSample(site.catalog, files.path)
  const page = await fetch(`${site.url}/torrent/${torrents.earlier!.infoHash}`)
  expect(page.headers.get('content-security-policy')).toContain(
    "connect-src 'self' wss://tracker.example.org",
  )
  expect(await page.text()).toContain('it also asks stun.example.org for that address')
})

test('is offered no swarm that a browser cannot or may not join', async () => {
  await using files = await scratchDirectory()
  await using plain = await startSite({ env: { HOLDFAST_TRACKERS: 'ws://tracker.example.org' } })
  const sample = await fillSample(plain.catalog, files.path)
  const unreachable = await fetch(`${plain.url}/torrent/${sample.torrents.earlier!.infoHash}`)
  expect(await unreachable.text()).not.toContain('from-peers')
})
