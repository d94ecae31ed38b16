import Client from 'bittorrent-tracker/client'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { ownAllowList } from './allow-list/source.ts'
import { loadConfig } from './config.ts'
import { startTracker } from './main.ts'

const infoHashV1 = '0123456789abcdef0123456789abcdef01234567'
const config = {
  ...loadConfig({}),
  port: 0,
  udpPort: 0,
  host: '127.0.0.1',
  memoryBytes: 1 << 24,
  maxTorrents: 1000,
}
const parts = { allowList: ownAllowList([{ infoHashV1 }]), log: pino({ level: 'silent' }) }

for (const transport of ['http', 'udp', 'ws'] as const) {
  test(`bittorrent-tracker's client announces and scrapes by ${transport}`, async () => {
    await using tracker = await startTracker(config, parts)
    const port = transport === 'udp' ? tracker.udpPort : tracker.port
    const client = new Client({
      infoHash: Buffer.from(infoHashV1, 'hex'),
      peerId: Buffer.from('-XX0001-abcdefghijkl'),
      announce: [`${transport}://127.0.0.1:${port}/announce`],
      port: 6881,
      wrtc: {},
    })
    try {
      client.start({ left: 0 })
      const update = await new Promise<Record<string, unknown>>((resolve, reject) => {
        client.once('update', resolve)
        client.on('warning', reject)
        client.on('error', reject)
      })
      expect(update).toMatchObject({ complete: 1, incomplete: 0 })
      client.scrape()
      const scraped = await new Promise((resolve) => client.once('scrape', resolve))
      expect(scraped).toMatchObject({ complete: 1, incomplete: 0, downloaded: 0 })
    } finally {
      await new Promise<void>((done) => client.destroy(() => done()))
    }
  })
}
