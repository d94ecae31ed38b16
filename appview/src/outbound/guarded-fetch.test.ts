import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { startNameServer } from '../../testing/name-server.ts'
import { createGuardedFetch } from './guarded-fetch.ts'
import {
  FetchTimeoutError,
  HostBusyError,
  HttpStatusError,
  NetworkError,
  PrivateAddressError,
  TooLargeError,
} from './guarded-fetch-errors.ts'
import { createNames } from './names.ts'
import { createRequestBudget, defaultAllowances } from './request-budget.ts'

const limits = { maxBytes: 1_000, timeoutMs: 5_000 }

test.each([
  'http://127.0.0.1/',
  'http://10.0.0.1/',
  'http://169.254.169.254/latest/meta-data',
  'http://[::1]/',
  'http://[::ffff:127.0.0.1]/',
  'http://[fd00::1]/',
  'http://0.0.0.0/',
  'http://2130706433/',
  'http://0x7f.1/',
  'http://localhost/',
  'http://pds.test/',
  'file:///etc/passwd',
  'ftp://example.com/',
  'https://user:secret@example.com/',
  'no address at all',
])('refuses %s as a private address', async (url) => {
  const guarded = createGuardedFetch({ allowPrivateHosts: false })
  await expect(guarded.fetchBytes(url, limits)).rejects.toBeInstanceOf(PrivateAddressError)
})

test('reads a body up to the allowed size', async () => {
  await using server = await serve((_request, response) => response.end('x'.repeat(1_000)))
  const guarded = createGuardedFetch({ allowPrivateHosts: true })
  const { bytes, status } = await guarded.fetchBytes(server.url, limits)
  expect([bytes.length, status]).toEqual([1_000, 200])
  await expect(guarded.fetchBytes(server.url, { ...limits, maxBytes: 999 })).rejects.toBeInstanceOf(
    TooLargeError,
  )
})

test('a body without a length is cut at the limit', async () => {
  await using server = await serve((_request, response) => {
    const pump = () => {
      while (!response.destroyed && response.write('x'.repeat(10_000)));
    }
    response.on('drain', pump)
    pump()
  })
  const guarded = createGuardedFetch({ allowPrivateHosts: true })
  await expect(guarded.fetchBytes(server.url, limits)).rejects.toBeInstanceOf(TooLargeError)
})

test('a host that hangs, before or within the body, is reported as a timeout', async () => {
  await using silent = await serve(() => {})
  await using stalling = await serve((_request, response) => void response.write('some'))
  const guarded = createGuardedFetch({ allowPrivateHosts: true })
  const request = { maxBytes: 1_000, timeoutMs: 50 }
  await expect(guarded.fetchBytes(silent.url, request)).rejects.toBeInstanceOf(FetchTimeoutError)
  await expect(guarded.fetchBytes(stalling.url, request)).rejects.toBeInstanceOf(FetchTimeoutError)
  const stalled = guarded.fetchBytes(stalling.url, { maxBytes: 1_000, timeoutMs: 60_000, stallMs: 50 })
  await expect(stalled).rejects.toThrow('sent nothing for 50 ms')
})

test('the error for a status other than 2xx has the status and the body', async () => {
  await using server = await serve((_request, response) => {
    response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"RepoTakendown"}')
  })
  const guarded = createGuardedFetch({ allowPrivateHosts: true })
  const failure = await guarded.fetchBytes(server.url, limits).catch((error) => error)
  expect(failure).toBeInstanceOf(HttpStatusError)
  expect([failure.status, failure.body, failure.retryable]).toEqual([400, '{"error":"RepoTakendown"}', false])
})

test('a host that asks for a pause gets it', async () => {
  let requests = 0
  await using server = await serve((_request, response) => {
    requests++
    response.writeHead(429, { 'retry-after': '30' }).end()
  })
  const guarded = createGuardedFetch({ allowPrivateHosts: true })
  const first = await guarded.fetchBytes(server.url, limits).catch((error) => error)
  expect([first.status, first.retryAfterMs]).toEqual([429, 30_000])
  await expect(guarded.fetchBytes(server.url, limits)).rejects.toBeInstanceOf(HostBusyError)
  expect(requests).toBe(1)
})

test('sends a limited number of requests to one host at a time', async () => {
  let active = 0
  let peak = 0
  await using server = await serve((_request, response) => {
    peak = Math.max(peak, ++active)
    setTimeout(() => response.end('ok', () => active--), 5)
  })
  const guarded = createGuardedFetch({ allowPrivateHosts: true, maxPerHost: 3 })
  const answers = await Promise.all(Array.from({ length: 20 }, () => guarded.fetchBytes(server.url, limits)))
  expect(answers).toHaveLength(20)
  expect(peak).toBeLessThanOrEqual(3)
})

test('follows a redirect but not an endless loop', async () => {
  await using server = await serve((request, response) => {
    const target = { '/once': '/end', '/loop': '/loop' }[request.url ?? '']
    if (target) response.writeHead(302, { location: target }).end()
    else response.end('end')
  })
  const guarded = createGuardedFetch({ allowPrivateHosts: true })
  expect((await guarded.fetchBytes(`${server.url}/once`, limits)).url.pathname).toBe('/end')
  await expect(guarded.fetchBytes(`${server.url}/loop`, limits)).rejects.toBeInstanceOf(NetworkError)
})

test('an account whose byte budget is spent waits for the next window', async () => {
  await using server = await serve((_request, response) => response.end('x'.repeat(600)))
  const guarded = createGuardedFetch({ allowPrivateHosts: true, budgetBytes: 1_000 })
  const request = { ...limits, account: 'did:plc:greedy' }
  await guarded.fetchBytes(server.url, request)
  await guarded.fetchBytes(server.url, request)
  await expect(guarded.fetchBytes(server.url, request)).rejects.toBeInstanceOf(HostBusyError)
})

test('disposing of a stream closes its connection and frees its place', async () => {
  await using server = await serve((_request, response) => void response.write('more to come'))
  const guarded = createGuardedFetch({ allowPrivateHosts: true, maxPerHost: 1 })
  for (let round = 0; round < 3; round++) {
    await using stream = await guarded.openStream(server.url, limits)
    for await (const chunk of stream.body) {
      expect(Buffer.from(chunk).toString()).toBe('more to come')
      break
    }
  }
})

test('reports an unreachable host as a network error', async () => {
  const guarded = createGuardedFetch({ allowPrivateHosts: true })
  await expect(guarded.fetchBytes('http://127.0.0.1:9/', limits)).rejects.toBeInstanceOf(NetworkError)
})

test('stops when the caller gives up', async () => {
  const guarded = createGuardedFetch({ allowPrivateHosts: true })
  await using silent = await serve(() => {})
  const signal = AbortSignal.timeout(30)
  await expect(guarded.fetchBytes(silent.url, { ...limits, signal })).rejects.toBe(
    await new Promise((resolve) => signal.addEventListener('abort', () => resolve(signal.reason))),
  )
})

async function serve(listener: RequestListener): Promise<AsyncDisposable & { url: string }> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test('names and redirects that lead to one address share its budget', async () => {
  let asked = 0
  await using victim = await serve((_request, response) => {
    asked++
    response.end('ok')
  })
  const { port } = new URL(victim.url)
  await using bouncer = await serve((request, response) => {
    response.writeHead(302, { location: `http://bounced.localhost:${port}${request.url}` }).end()
  })
  const allowances = {
    ...defaultAllowances,
    // The usual gap between requests to any hosts would refuse the second one.
    'third-party': { ...defaultAllowances['third-party'], all: { gapMs: 0, daily: 1_000 } },
  }
  const requests = createRequestBudget(allowances)
  const guarded = createGuardedFetch({ allowPrivateHosts: true, requests })
  const sampling = guarded.withLimits({ maxPerHost: 2 })
  const urls = [
    ...Array.from({ length: 20 }, (_, i) => `http://host${i}.localhost:${port}/`),
    ...Array.from({ length: 20 }, (_, i) => `${bouncer.url}/${i}`),
  ]
  const outcomes = await Promise.allSettled(
    urls.map((url, i) => (i % 2 ? guarded : sampling).fetchBytes(url, { ...limits, patienceMs: 0 })),
  )
  expect(asked).toBe(1)
  const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
  expect(refused).toHaveLength(39)
  expect(refused.filter((reason) => !(reason instanceof HostBusyError))).toEqual([])
})

test('connects to the address that was checked, even if the name changes meanwhile', async () => {
  let turn = 0
  await using names = await startNameServer(() => ({ addresses: [turn++ === 0 ? '8.8.8.8' : '127.0.0.1'] }))
  const guarded = createGuardedFetch({
    allowPrivateHosts: false,
    names: createNames({ servers: [names.address] }),
  })
  await expect(guarded.findAddress({ hostname: 'rebinding.org', port: '1' }, {})).resolves.toMatchObject({
    address: '8.8.8.8',
  })
  await expect(guarded.findAddress({ hostname: 'private.org', port: '1' }, {})).rejects.toBeInstanceOf(
    PrivateAddressError,
  )
})
