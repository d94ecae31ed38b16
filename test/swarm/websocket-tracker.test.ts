import { once } from 'node:events'
import { createGuardedFetch } from '@holdfast/appview/outbound/guarded-fetch'
import { maxNames, scrape } from '@holdfast/appview/swarm/trackers/scrape'
import { ownAllowList } from '@holdfast/tracker/allow-list/source'
import { loadConfig } from '@holdfast/tracker/config'
import { startTracker } from '@holdfast/tracker/main'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'

const infoHash = 'f0'.repeat(20)
const small = { port: 0, udpPort: 0, host: '127.0.0.1', memoryBytes: 1 << 24, maxTorrents: 1000 }

test('another Holdfast’s tracker says by WebSocket how many browsers share a torrent', async () => {
  await using tracker = await startTracker(
    { ...loadConfig({}), ...small },
    { allowList: ownAllowList([{ infoHashV1: infoHash }]), log: pino({ level: 'silent' }) },
  )
  const announceUrl = `ws://127.0.0.1:${tracker.port}/announce`
  const browsers: WebSocket[] = []
  for (const left of [0, 5]) {
    const browser = new WebSocket(announceUrl)
    browsers.push(browser)
    await once(browser, 'open')
    const name = Buffer.from(infoHash, 'hex').toString('latin1')
    const peer = { peer_id: String(left).repeat(20), left, event: 'started', numwant: 0, offers: [] }
    browser.send(JSON.stringify({ action: 'announce', info_hash: name, ...peer }))
    await once(browser, 'message')
  }
  const strangers = Array.from({ length: maxNames - 1 }, (_, i) => i.toString(16).padStart(40, '0'))
  const answer = await scrape(announceUrl, [infoHash, ...strangers], {
    fetch: createGuardedFetch({ allowPrivateHosts: true }),
    allowPrivateHosts: true,
    signal: new AbortController().signal,
    timeoutMs: 10_000,
  })
  for (const browser of browsers) browser.terminate()
  expect([...answer.counts]).toEqual([[infoHash, { seeders: 1, leechers: 1, completed: 0 }]])
  expect(answer.waitMs).toBeGreaterThan(0)
})
