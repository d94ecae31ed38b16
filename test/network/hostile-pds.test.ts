import { setTimeout as pause } from 'node:timers/promises'
import { verifyRepoCar } from '@atproto/repo'
import { expect, test } from 'vitest'
import { startHostilePds } from './hostile-pds.ts'
import { startPlc } from './plc.ts'
import { SignedRepo } from './signed-repo.ts'
import { subscribe } from './subscriber.ts'

const body = new Uint8Array(10_000).fill(1)

test('is honest about the repositories that it hosts, and its own stream', async () => {
  await using plc = await startPlc()
  await using pds = await startHostilePds()
  const repo = await SignedRepo.create({ plc, pdsUrl: pds.url })
  pds.host(repo)
  await using stream = await subscribe(pds.url, 0)
  const blob = await repo.addBlob(body, 'application/x-bittorrent')
  pds.emit(await repo.create('com.example.note', 'one', { text: 'one', blob }))
  await stream.received(1)
  expect(stream.frames[0]).toMatchObject({ t: '#commit', body: { repo: repo.did, seq: 1 } })

  const car = await get(`${pds.url}/xrpc/com.atproto.sync.getRepo?did=${repo.did}`)
  const { creates } = await verifyRepoCar(car, repo.did, repo.key.did())
  expect(creates).toHaveLength(1)
  expect(await get(`${pds.url}/xrpc/com.atproto.sync.getBlob?did=${repo.did}&cid=${blob.ref}`)).toEqual(body)
  expect(pds.requests.map(({ method }) => method)).toEqual([
    'com.atproto.sync.getRepo',
    'com.atproto.sync.getBlob',
  ])
})

test('serves wrong bytes as often as told and is then honest again', async () => {
  await using pds = await startHostilePds()
  pds.behave('/file', { kind: 'serve', body: 'wrong', status: 500 }, 1)
  expect((await fetch(`${pds.url}/file`)).status).toBe(500)
  expect((await fetch(`${pds.url}/file`)).status).toBe(404)
  pds.behave('*', { kind: 'redirect', to: 'http://169.254.169.254/latest' })
  const { status, headers } = await fetch(`${pds.url}/any`, { redirect: 'manual' })
  expect([status, headers.get('location')]).toEqual([302, 'http://169.254.169.254/latest'])
  pds.heal()
  expect((await fetch(`${pds.url}/any`)).status).toBe(404)
})

test('hangs and stalls until the client gives up', async () => {
  await using pds = await startHostilePds()
  pds.behave('/hang', { kind: 'hang' })
  pds.behave('/stall', { kind: 'stall', body, afterBytes: 10 })
  const hanging = fetch(`${pds.url}/hang`).then(
    () => 'answered',
    () => 'cut',
  )
  const stalled = await fetch(`${pds.url}/stall`)
  const reader = stalled.body!.getReader()
  expect((await reader.read()).value).toHaveLength(10)
  const more = reader.read().then(
    () => 'more',
    () => 'cut',
  )
  const silence = pause(50, 'silence')
  expect(await Promise.race([hanging, more, silence])).toBe('silence')
  await pds[Symbol.asyncDispose]()
  expect(await Promise.all([hanging, more])).toEqual(['cut', 'cut'])
})

test('drips, floods, bombs and cuts off', async () => {
  await using pds = await startHostilePds()
  pds.behave('/drip', { kind: 'drip', body: body.subarray(0, 30), chunkBytes: 10, everyMs: 5 })
  const start = performance.now()
  expect(await get(`${pds.url}/drip`)).toEqual(body.subarray(0, 30))
  expect(performance.now() - start).toBeGreaterThan(9)

  pds.behave('/flood', { kind: 'flood', sizeBytes: 300_000 })
  expect(await get(`${pds.url}/flood`)).toHaveLength(300_000)
  pds.behave('/flood', { kind: 'flood', sizeBytes: Number.POSITIVE_INFINITY })
  expect(await readAtLeast(`${pds.url}/flood`, 5_000_000)).toBe(true)

  pds.behave('/bomb', { kind: 'gzip-bomb', sizeBytes: 20_000_000 })
  expect(await get(`${pds.url}/bomb`)).toHaveLength(20_000_000)

  pds.behave('/cut', { kind: 'cut', body, claimedBytes: 20_000 })
  await expect(get(`${pds.url}/cut`)).rejects.toThrow()
})

const get = async (url: string) => new Uint8Array(await (await fetch(url)).arrayBuffer())

async function readAtLeast(url: string, sizeBytes: number): Promise<boolean> {
  let read = 0
  for await (const chunk of (await fetch(url)).body!) {
    read += chunk.length
    if (read >= sizeBytes) return true
  }
  return false
}
