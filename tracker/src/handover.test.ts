import { mkdtemp, readdir, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { ownAllowList } from './allow-list/source.ts'
import { loadConfig } from './config.ts'
import { startTracker } from './main.ts'

const hashes = Array.from({ length: 20 }, (_, number) => (number + 1).toString(16).padStart(40, '0'))

test('hands the ports and every peer to a successor without writing to disk', async () => {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'holdfast-tracker-'))
  onTestFinished(() => rm(dataDir, { recursive: true }))
  const small = { port: 0, udpPort: 0, host: '127.0.0.1', memoryBytes: 1 << 24, maxTorrents: 1000, dataDir }
  const config = { ...loadConfig({}), ...small, workers: 2, peersPerAddress: 1000 }
  const allowList = ownAllowList(hashes.map((infoHashV1) => ({ infoHashV1 })))
  const parts = { allowList, log: pino({ level: 'silent' }), offersHandover: true, takeOver: true }
  await using old = await startTracker(config, parts)
  const url = `http://127.0.0.1:${old.port}`
  for (let peer = 0; peer < 400; peer++) {
    const hash = hashes[peer % 20]!.replace(/../g, '%$&')
    const left = peer % 3 === 0 ? 0 : 1
    const query = `info_hash=${hash}&peer_id=-XX0001-abcdefghijkl&port=${1000 + peer}&left=${left}&key=${peer}`
    await fetch(`${url}/announce?${query}`, { headers: { connection: 'close' } })
  }
  const before = await (await fetch(`${url}/swarms`)).json()
  const started = performance.now()
  await using successor = await startTracker({ ...config, port: old.port, udpPort: old.udpPort }, parts)
  await old.handedOver
  const get = async (page: string): Promise<string> =>
    (await fetch(`http://127.0.0.1:${successor.port}${page}`)).text()
  await expect.poll(async () => JSON.parse(await get('/swarms'))).toEqual(before)
  expect(performance.now() - started).toBeLessThan(10_000)
  // The key of a peer came along: only its owner can stop it.
  const stop = `/announce?info_hash=${hashes[0]!.replace(/../g, '%$&')}&peer_id=-XX0001-abcdefghijkl&port=1000&event=stopped`
  await get(`${stop}&key=9999`)
  expect(JSON.parse(await get('/swarms'))).toEqual(before)
  await get(`${stop}&key=0`)
  expect(JSON.parse(await get('/swarms'))).not.toEqual(before)
  expect(await readdir(path.join(dataDir, 'tracker'))).toEqual(['handover.sock'])
})
