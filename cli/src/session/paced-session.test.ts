import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { pacedSession } from './paced-session.ts'

const put = '/xrpc/com.atproto.repo.putRecord'

/** A server whose answers are given one after the other. */
async function serve(...answers: ((request: IncomingMessage, response: ServerResponse) => void)[]) {
  const bodies: string[] = []
  const server = createServer(async (request, response) => {
    bodies.push((await Array.fromAsync(request)).join(''))
    answers.shift()!(request, response)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  onTestFinished(() => void server.close())
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { bodies, session: { fetchHandler: (path: string, init: RequestInit) => fetch(base + path, init) } }
}

const inSeconds = (seconds: number) => String(Math.floor(Date.now() / 1000) + seconds)
const ok =
  (headers: Record<string, string> = {}) =>
  (_: IncomingMessage, response: ServerResponse) =>
    void response.writeHead(200, headers).end('{}')
const refuse = (headers: Record<string, string>) => (_: IncomingMessage, response: ServerResponse) =>
  void response.writeHead(429, headers).end('{}')

test('sends a refused request again after Retry-After', async () => {
  const { bodies, session } = await serve(refuse({ 'retry-after': '0' }), ok())
  const waits: string[] = []
  const paced = pacedSession(session, { onWait: (ms, reason) => waits.push(`${reason} ${ms}`) })
  expect((await paced.fetchHandler(put, { method: 'POST', body: 'the record' })).status).toBe(200)
  expect(bodies).toEqual(['the record', 'the record'])
  expect(waits).toEqual(['too-many-requests 1000'])
})

test('waits before the next call of a method whose budget is spent', async () => {
  const { session } = await serve(
    ok({ 'ratelimit-remaining': '1', 'ratelimit-reset': inSeconds(3) }),
    ok(),
    ok(),
  )
  const waits: number[] = []
  const paced = pacedSession(session, { onWait: (ms) => waits.push(ms) })
  await paced.fetchHandler(put, { method: 'POST', body: '1' })
  await paced.fetchHandler('/xrpc/com.atproto.repo.getRecord?x=1', {})
  expect(waits).toEqual([])
  await paced.fetchHandler(put, { method: 'POST', body: '2' })
  expect(waits).toHaveLength(1)
  expect(waits[0]).toBeLessThanOrEqual(4_000)
})

test('stops waiting when the command is stopped', async () => {
  const { session } = await serve(refuse({ 'retry-after': '3600' }))
  const stop = new AbortController()
  const paced = pacedSession(session, { signal: stop.signal, onWait: () => stop.abort(new Error('stopped')) })
  await expect(paced.fetchHandler(put, { method: 'POST', body: 'x' })).rejects.toThrow('stopped')
})
