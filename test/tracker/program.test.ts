import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { request } from 'node:http'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { ListServer } from '@holdfast/tracker/allow-list/list-server'
import { expect, test } from 'vitest'
import WebSocket from 'ws'
import { waitFor } from '../network/wait-for.ts'
import { scratchDirectory } from '../system/scratch.ts'

const entry = fileURLToPath(new URL('../../tracker/bin/holdfast-tracker.mjs', import.meta.url))
const infoHashV1 = 'ab'.repeat(20)

/** The tracker as a program, and everything it prints. */
function run(env: Record<string, string>, args: string[] = []): { child: ChildProcess; said: () => string } {
  const child = spawn(process.execPath, [entry, ...args], { env: { ...process.env, ...env } })
  let text = ''
  child.stdout!.on('data', (data) => {
    text += String(data)
  })
  child.stderr!.on('data', (data) => {
    text += String(data)
  })
  return { child, said: () => text }
}

test('keeps peer addresses out of its log, its metrics and its disk, and exits with 0', async () => {
  await using list = new ListServer()
  list.add({ infoHashV1 })
  await list.start()
  await using scratch = await scratchDirectory()
  const { child, said } = run({
    HOLDFAST_APPVIEW_URL: list.url,
    HOLDFAST_DATA_DIR: scratch.path,
    HOLDFAST_TRACKER_PORT: '0',
    HOLDFAST_TRACKER_UDP_PORT: '0',
    HOLDFAST_LOG_LEVEL: 'trace',
  })
  await waitFor(() => said().includes('listening') && said().includes('allow-list read'), {
    what: 'the tracker',
  })
  const { port, udpPort } = JSON.parse(
    said()
      .split('\n')
      .find((line) => line.includes('listening'))!,
  ) as {
    port: number
    udpPort: number
  }
  const client = '127.0.0.77'
  const peerId = '-XX0001-secretpeerid'
  const query = `info_hash=${'%ab'.repeat(20)}&peer_id=${peerId}&port=31337&left=1&ip=127.0.0.77`
  const get = async (page: string): Promise<string> => {
    const asked = request({ host: '127.0.0.1', port, path: page, localAddress: client, agent: false })
    asked.end()
    const [answer] = await once(asked, 'response')
    const parts: Buffer[] = []
    for await (const part of answer) parts.push(part)
    return Buffer.concat(parts).toString('latin1')
  }
  expect(await get(`/announce?${query}`)).toContain('8:interval')
  for (const page of ['/announce?info_hash=x', '/nothing', '/scrape', '/%ff', '/announce?%']) await get(page)
  const udp = createSocket('udp4')
  udp.bind(0, client)
  await once(udp, 'listening')
  for (const datagram of ['00000417271019800000000000000001', 'ff'.repeat(98), '00'.repeat(36)]) {
    udp.send(Buffer.from(datagram, 'hex'), udpPort, '127.0.0.1')
  }
  await once(udp, 'message')
  udp.close()
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { localAddress: client })
  await once(socket, 'open')
  for (const message of ['{', '{"action":"scrape","info_hash":5}']) socket.send(message)
  await once(socket, 'message')
  socket.terminate()

  const metrics = await get('/metrics')
  expect(metrics).toContain('holdfast_tracker_peers{family="ipv4"} 1')
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])

  const folder = path.join(scratch.path, 'tracker')
  const files = await Promise.all((await readdir(folder)).map((name) => readFile(path.join(folder, name))))
  expect(files.length).toBeGreaterThan(0)
  const everything = [said(), metrics, ...files.map((file) => file.toString('latin1'))].join('\n')
  const forms = [client, '7f00004d', '4d00007f', '\x7f\x00\x00\x4d', peerId, '31337', 'secretpeerid']
  for (const form of forms) expect(everything.includes(form), JSON.stringify(form)).toBe(false)
})

test('reports all invalid settings together', async () => {
  const wrong = spawnSync(process.execPath, [entry], {
    env: { ...process.env, HOLDFAST_TRACKER_PORT: '99999', HOLDFAST_TRACKER_MAX_LIST_AGE: 'soon' },
    encoding: 'utf8',
  })
  expect(wrong.status).toBe(1)
  expect(wrong.stderr).toMatch(/HOLDFAST_TRACKER_PORT=99999.*\n.*HOLDFAST_TRACKER_MAX_LIST_AGE=soon/)
})

test('says what to do when its port is in use', async () => {
  await using list = new ListServer()
  await list.start()
  const port = new URL(list.url).port
  await using scratch = await scratchDirectory()
  const taken = run({
    HOLDFAST_DATA_DIR: scratch.path,
    HOLDFAST_TRACKER_PORT: port,
    HOLDFAST_TRACKER_UDP_PORT: '0',
    HOLDFAST_TRACKER_HOST: '127.0.0.1',
    HOLDFAST_APPVIEW_URL: list.url,
    HOLDFAST_LOG_LEVEL: 'silent',
  })
  expect((await once(taken.child, 'exit'))[0]).toBe(1)
  expect(taken.said()).toMatch(
    /port \d+ is in use: stop the program that uses it or set HOLDFAST_TRACKER_PORT/,
  )
})
