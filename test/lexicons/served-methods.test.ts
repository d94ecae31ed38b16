import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer, Subscription } from '@atproto/xrpc-server'
import { getTorrent, subscribeInfoHashes } from '@holdfast/lexicons'
import { type Authorities, relativelyTyped, servedMethods, writtenNsid } from '@holdfast/lexicons/authority'
import { canonicalAuthority, methods } from '@holdfast/lexicons/nsid'
import express from 'express'
import { afterAll, expect, test } from 'vitest'

const authorities: Authorities = ['gov.example.archive', canonicalAuthority]
const spellings = [
  [methods.getTorrent, methods.subscribeInfoHashes],
  [writtenNsid(methods.getTorrent, authorities), writtenNsid(methods.subscribeInfoHashes, authorities)],
] as const

const xrpc = createServer()
for (const schema of servedMethods(getTorrent.main, authorities)) {
  xrpc.add(schema, async () => ({ encoding: 'application/json' as const, body: { torrents: [] } }))
}
for (const schema of servedMethods(subscribeInfoHashes.main, authorities)) {
  xrpc.add(schema, async function* () {
    yield relativelyTyped(subscribeInfoHashes.add.$build({ seq: 1, epoch: 'e', infoHashV1: 'a'.repeat(40) }))
  })
}

// Subscriptions are upgraded only if the router is mounted in another application.
const http = express().use(xrpc.router).listen(0)
await once(http, 'listening')
afterAll(() => http.close())

test.each(spellings)('%s and %s answer alike', async (query, subscription) => {
  const host = `127.0.0.1:${(http.address() as AddressInfo).port}`
  const response = await fetch(`http://${host}/xrpc/${query}?infoHash=abc`)
  expect([response.status, await response.json()]).toEqual([200, { torrents: [] }])
  const refused = await fetch(`http://${host}/xrpc/${query}?uri=nonsense`)
  expect([refused.status, await refused.json()]).toMatchObject([400, { error: 'InvalidRequest' }])

  const stream = new Subscription({
    service: `ws://${host}`,
    method: subscription,
    validate: (message) => message,
  })
  for await (const message of stream) {
    expect(message).toEqual({ $type: `${subscription}#add`, seq: 1, epoch: 'e', infoHashV1: 'a'.repeat(40) })
    break
  }
})
