import { once } from 'node:events'
import { request } from 'node:http'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { ownAllowList } from './allow-list/source.ts'
import { loadConfig } from './config.ts'
import { startTracker } from './main.ts'

const small = { port: 0, udpPort: 0, host: '127.0.0.1', memoryBytes: 1 << 24, maxTorrents: 1 }
const lists = [{ infoHashV1: 'a'.repeat(40) }, { infoHashV1: 'b'.repeat(40) }]
const parts = { allowList: ownAllowList(lists.slice(0, 1)), log: pino({ level: 'silent' }) }

async function status(port: number, path: string, headers: Record<string, string> = {}): Promise<number> {
  const asked = request({ host: '127.0.0.1', port, path, headers }).end()
  const [answer] = await once(asked, 'response')
  answer.resume()
  return answer.statusCode
}

test.each([
  ['directly', {}, {}, 200],
  ['through a proxy that says so', {}, { 'X-Forwarded-For': '127.0.0.1' }, 403],
  ['through a proxy that says only how', {}, { Via: '1.1 x' }, 403],
  ['where there is a public address', { HOLDFAST_PUBLIC_URL: 'https://x.example' }, {}, 403],
  ['from a proxy that forgot the header', { HOLDFAST_TRUSTED_PROXIES: '127.0.0.1' }, {}, 403],
  [
    'with the token',
    { HOLDFAST_PUBLIC_URL: 'https://x.example', HOLDFAST_ADMIN_TOKEN: 't' },
    { Authorization: 'Bearer t' },
    200,
  ],
])('shows metrics and swarms only to this machine: asked %s', async (_, env, headers, expected) => {
  await using tracker = await startTracker({ ...loadConfig(env), ...small }, parts)
  for (const path of ['/metrics', '/swarms']) expect(await status(tracker.port, path, headers)).toBe(expected)
  expect(await status(tracker.port, '/health', headers)).toBe(200)
})

test('reports a list that does not fit on the readiness page and in the metrics', async () => {
  await using tracker = await startTracker(
    { ...loadConfig({}), ...small },
    { ...parts, allowList: ownAllowList(lists) },
  )
  const get = async (path: string): Promise<string> =>
    (await fetch(`http://127.0.0.1:${tracker.port}${path}`)).text()
  await expect.poll(() => get('/health/ready')).toContain('1 torrent is not served')
  expect(await get('/metrics')).toContain('holdfast_tracker_list_left_out 1')
  expect(await get('/health/live')).toBe('ok\n')
})
