import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { openEmbedded } from '@holdfast/appview/testing/backends'
import { methods } from '@holdfast/lexicons/nsid'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { waitFor } from '../network/wait-for.ts'
import { type IndexUnderTest, startIndex } from './index-under-test.ts'

let index: IndexUnderTest
beforeAll(async () => {
  index = await startIndex({ open: openEmbedded })
})
afterAll(() => index[Symbol.asyncDispose]())

type Answer = { open: WebSocket } | { status: number; body: { error: string; message: string }; wait: number }

/** Requests a stream, as if from an address behind a proxy on this machine. */
async function ask(address?: string, { url: base } = index): Promise<Answer> {
  const url = `${base.replace('http', 'ws')}/xrpc/${methods.subscribeRecords}`
  const ws = new WebSocket(url, address === undefined ? {} : { headers: { 'x-forwarded-for': address } })
  const refused = once(ws, 'unexpected-response').then(async (event) => {
    const answer: IncomingMessage = event[1]
    const body = Buffer.concat(await answer.toArray())
    const wait = Number(answer.headers['retry-after'])
    return { status: answer.statusCode ?? 0, body: JSON.parse(body.toString()), wait }
  })
  return Promise.race([once(ws, 'open').then(() => ({ open: ws })), refused])
}

const openAt = async (address: string | undefined, count: number) => {
  const answers = await Promise.all(Array.from({ length: count }, () => ask(address)))
  return answers.flatMap((answer) => ('open' in answer ? [answer.open] : []))
}

test('allows an address fifty open streams', async () => {
  const sockets = await openAt('203.0.113.5', 50)
  expect(sockets).toHaveLength(50)
  expect(await ask('203.0.113.5')).toMatchObject({
    status: 429,
    body: { error: 'RateLimitExceeded', message: expect.stringContaining('50 streams') },
    wait: 60,
  })
  expect(await openAt('203.0.113.6', 1)).toHaveLength(1)
  sockets.pop()!.terminate()
  await waitFor(async () => 'open' in (await ask('203.0.113.5')), { what: 'the place to be free' })
})

test('the addresses of one IPv6 /64 count together', async () => {
  const address = (i: number) => `2001:db8:7:7::${(i + 1).toString(16)}`
  const opened = await Promise.all(Array.from({ length: 51 }, (_, i) => openAt(address(i), 1)))
  expect(opened.flat()).toHaveLength(50)
})

test('programs on this machine are not limited', async () => {
  expect(await openAt(undefined, 60)).toHaveLength(60)
})

test('opening and closing streams counts against the request limit', async () => {
  for (let round = 0; round < 12; round++) for (const ws of await openAt('203.0.113.7', 50)) ws.terminate()
  const answer = await waitFor(
    async () => {
      const last = await ask('203.0.113.7')
      if ('open' in last) last.open.terminate()
      return 'open' in last || last.body.message.includes('open') ? undefined : last
    },
    { what: 'the pace to be limited' },
  )
  expect(answer).toMatchObject({ status: 429, body: { error: 'RateLimitExceeded' } })
})

test('limits the streams of all addresses together, but not those of this machine', async () => {
  await using small = await startIndex({ open: openEmbedded, env: { HOLDFAST_MAX_STREAMS: '3' } })
  const metric = async (name: string) => {
    const text = await (await fetch(`${small.url}/metrics`)).text()
    return Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${name} `))
        ?.split(' ')
        .at(-1),
    )
  }
  const opened = await Promise.all(['1', '2', '3'].map((last) => ask(`203.0.113.${last}`, small)))
  expect(opened.every((answer) => 'open' in answer)).toBe(true)
  expect(await ask('203.0.113.4', small)).toMatchObject({
    status: 503,
    body: { error: 'NotEnoughResources', message: expect.stringContaining('3 streams') },
    wait: 60,
  })
  expect(await ask(undefined, small)).toHaveProperty('open')
  expect(await metric('holdfast_streams_open')).toBe(4)
  expect(await metric('holdfast_streams_refused_total{reason="all"}')).toBe(1)
  for (const answer of opened.slice(0, 2)) if ('open' in answer) answer.open.terminate()
  await waitFor(async () => 'open' in (await ask('203.0.113.4', small)), { what: 'a place to be free' })
})
