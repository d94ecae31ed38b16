import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createTorrent } from '@holdfast/torrent/create'
import { ownAllowList } from '@holdfast/tracker/allow-list/source'
import { loadConfig } from '@holdfast/tracker/config'
import { startTracker } from '@holdfast/tracker/main'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { needs } from '../system/requirements.ts'
import { scratchDirectory } from '../system/scratch.ts'
import { openPeer, servePeers } from './browsers/peers.ts'

const pieceLength = 16_384

test.skipIf(!needs('two browsers exchange a file', 'chromium'))(
  'two browsers that met at the tracker exchange a file by WebTorrent',
  async () => {
    await using scratch = await scratchDirectory()
    const content = randomBytes(700_001)
    const file = path.join(scratch.path, 'sea-ice.bin')
    await writeFile(file, content)
    const bare = await createTorrent(file, { version: 'v1', pieceLengthBytes: pieceLength })
    const infoHashV1 = bare.infoHashV1!

    const config = { ...loadConfig({}), port: 0, udpPort: 0, host: '127.0.0.1' }
    const allowList = ownAllowList([{ infoHashV1 }])
    await using tracker = await startTracker(config, { allowList, log: pino({ level: 'silent' }) })
    const announce = `ws://127.0.0.1:${tracker.port}/announce`
    const trackers = [{ url: announce, tier: 0 }]
    const { metainfo } = await createTorrent(file, { version: 'v1', pieceLengthBytes: pieceLength, trackers })
    const swarm = async () => (await fetch(`http://127.0.0.1:${tracker.port}/swarms`)).json()

    await using pages = await servePeers()
    await using browsers = new AsyncDisposableStack()
    const seeder = await openPeer(browsers, pages.url)
    const task = { name: 'sea-ice.bin', content: content.toString('base64'), pieceLength, tracker: announce }
    expect(await seeder.evaluate(`seed(${JSON.stringify(task)})`)).toBe(infoHashV1)
    await expect.poll(swarm).toEqual({ swarms: [[[infoHashV1], 1, 0, 0]] })

    const leecher = await openPeer(browsers, pages.url)
    const base64 = JSON.stringify(Buffer.from(metainfo).toString('base64'))
    const fetched = Buffer.from((await leecher.evaluate(`download(${base64})`)) as string, 'base64')
    expect(fetched.equals(content)).toBe(true)
    await expect.poll(swarm).toEqual({ swarms: [[[infoHashV1], 2, 0, 1]] })
  },
)
