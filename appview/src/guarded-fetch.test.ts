import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { createGuardedFetch } from './guarded-fetch.ts'
import {
  FetchTimeoutError,
  HostBusyError,
  HttpStatusError,
  NetworkError,
  PrivateAddressError,
  TooLargeError,
} from './guarded-fetch-errors.ts'

const LIMITS = { maxBytes: 1_000, timeoutMs: 5_000 }

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
])('%s is refused as a private address', async (url) => {
  const guarded = createGuardedFetch({ allowPrivateHosts: false })
  await expect(guarded.fetchBytes(url, LIMITS)).rejects.toBeInstanceOf(PrivateAddressError)
})

test('a body is read, and one byte more than allowed is an error', async () => {
  await using server = await serve((_request, response) => response.end('x'.repeat(1_000)))
  const guarded = createGuardedFetch({ allowPrivateHosts: true })
  const { bytes, status } = await guarded.fetchBytes(server.url, LIMITS)
  expect([bytes.length, status]).toEqual([1_000, 200])
  await expect(guarded.fetchBytes(server.url, { ...LIMITS, maxBytes: 999 })).rejects.toBeInstanceOf(
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
  await expect(guarded.fetchBytes(server.url, LIMITS)).rejects.toBeInstanceOf(TooLargeError)
})

test('a host that hangs before or in the body is a timeout', async () => {
  await using silent = await serve(() => {})
  await using stalling = await serve((_request, response) => void response.write('some'))
  const guarded = createGuardedFetch({ allowPrivateHosts: true })
  const request = { maxBytes: 1_000, timeoutMs: 50 }
  await expect(guarded.fetchBytes(silent.url, request)).rejects.toBeInstanceOf(FetchTimeoutError)
  await expect(guarded.fetchBytes(stalling.url, request)).rejects.toBeInstanceOf(FetchTimeoutError)
  const stalled = guarded.fetchBytes(stalling.url, { maxBytes: 1_000, timeoutMs: 60_000, stallMs: 50 })
  await expect(stalled).rejects.toThrow('sent nothing for 50 ms')
})

test('a status other than 2xx carries status and body', async () => {
  await using server = await serve((_request, response) => {
    response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"RepoTakendown"}')
  })
  const guarded = createGuardedFetch({ allowPrivateHosts: true })
  const failure = await guarded.fetchBytes(server.url, LIMITS).catch((error) => error)
  expect(failure).toBeInstanceOf(HttpStatusError)
  expect([failure.status, failure.body, failure.retryable]).toEqual([400, '{"error":"RepoTakendown"}', false])
})

test('a host that asks for a pause is left alone', async () => {
  let requests = 0
  await using server = await serve((_request, response) => {
    requests++
    response.writeHead(429, { 'retry-after': '30' }).end()
  })
  const guarded = createGuardedFetch({ allowPrivateHosts: true })
  const first = await guarded.fetchBytes(server.url, LIMITS).catch((error) => error)
  expect([first.status, first.retryAfterMs]).toEqual([429, 30_000])
  await expect(guarded.fetchBytes(server.url, LIMITS)).rejects.toBeInstanceOf(HostBusyError)
  expect(requests).toBe(1)
})

test('at most so many requests reach one host at once, and the rest wait their turn', async () => {
  let active = 0
  let peak = 0
  await using server = await serve((_request, response) => {
    peak = Math.max(peak, ++active)
    setTimeout(() => response.end('ok', () => active--), 5)
  })
  const guarded = createGuardedFetch({ allowPrivateHosts: true, maxPerHost: 3 })
  const answers = await Promise.all(Array.from({ length: 20 }, () => guarded.fetchBytes(server.url, LIMITS)))
  expect(answers).toHaveLength(20)
  expect(peak).toBeLessThanOrEqual(3)
})

test('redirects are followed a few times, and never to a private host', async () => {
  await using server = await serve((request, response) => {
    const target = { '/once': '/end', '/loop': '/loop' }[request.url ?? '']
    if (target) response.writeHead(302, { location: target }).end()
    else response.end('end')
  })
  const guarded = createGuardedFetch({ allowPrivateHosts: true })
  expect((await guarded.fetchBytes(`${server.url}/once`, LIMITS)).url.pathname).toBe('/end')
  await expect(guarded.fetchBytes(`${server.url}/loop`, LIMITS)).rejects.toBeInstanceOf(NetworkError)
})

test('an account whose bytes are spent waits for the next window', async () => {
  await using server = await serve((_request, response) => response.end('x'.repeat(600)))
  const guarded = createGuardedFetch({ allowPrivateHosts: true, budgetBytes: 1_000 })
  const request = { ...LIMITS, account: 'did:plc:greedy' }
  await guarded.fetchBytes(server.url, request)
  await guarded.fetchBytes(server.url, request)
  await expect(guarded.fetchBytes(server.url, request)).rejects.toBeInstanceOf(HostBusyError)
})

test('disposing of a stream hangs up and gives the turn back', async () => {
  await using server = await serve((_request, response) => void response.write('more to come'))
  const guarded = createGuardedFetch({ allowPrivateHosts: true, maxPerHost: 1 })
  for (let round = 0; round < 3; round++) {
    await using stream = await guarded.openStream(server.url, LIMITS)
    for await (const chunk of stream.body) {
      expect(Buffer.from(chunk).toString()).toBe('more to come')
      break
    }
  }
})

test('an unreachable host is a network error, and the caller can give up', async () => {
  const guarded = createGuardedFetch({ allowPrivateHosts: true })
  await expect(guarded.fetchBytes('http://127.0.0.1:9/', LIMITS)).rejects.toBeInstanceOf(NetworkError)
  await using silent = await serve(() => {})
  const signal = AbortSignal.timeout(30)
  await expect(guarded.fetchBytes(silent.url, { ...LIMITS, signal })).rejects.toBe(
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
