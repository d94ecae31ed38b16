/**
 * Tests which requests are rate-limited, and which may read the metrics, depending on how they reach a server on this
 * machine.
 */
import { openEmbedded } from '@holdfast/appview/testing/backends'
import { methods } from '@holdfast/lexicons/nsid'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { adminToken, type IndexUnderTest, startIndex } from './index-under-test.ts'

const token = { authorization: `Bearer ${adminToken}` }
const forwarded = { 'x-forwarded-for': '203.0.113.5' }
let index: IndexUnderTest

const ask = (path: string, headers: Record<string, string> = {}) => fetch(index.url + path, { headers })
const isLimited = async (headers?: Record<string, string>) =>
  (await ask(`/xrpc/${methods.getStats}`, headers)).headers.has('ratelimit-remaining')
const metricsStatus = async (headers?: Record<string, string>) => (await ask('/metrics', headers)).status

describe('with a public URL', () => {
  beforeAll(async () => {
    index = await startIndex({
      open: openEmbedded,
      env: { HOLDFAST_PUBLIC_URL: 'https://index.example.org' },
    })
  })
  afterAll(() => index[Symbol.asyncDispose]())

  test('limits requests from this machine, whether they name a client or not', async () => {
    expect(await isLimited()).toBe(true)
    expect(await isLimited(forwarded)).toBe(true)
  })

  test('lifts the limit for the operator’s token, also on open methods', async () => {
    expect(await isLimited(token)).toBe(false)
    expect((await ask(`/xrpc/${methods.getStats}`, token)).status).toBe(200)
    expect(await isLimited({ authorization: 'Bearer something-else' })).toBe(true)
  })

  test('shows metrics only with the token', async () => {
    expect(await metricsStatus()).toBe(403)
    expect(await metricsStatus(forwarded)).toBe(403)
    expect(await metricsStatus(token)).toBe(200)
    expect(await metricsStatus({ ...token, ...forwarded })).toBe(200)
  })
})

describe('without a public URL', () => {
  beforeAll(async () => {
    index = await startIndex({ open: openEmbedded })
  })
  afterAll(() => index[Symbol.asyncDispose]())

  test('shows metrics to programs of this machine, and does not limit them', async () => {
    expect(await isLimited()).toBe(false)
    expect(await metricsStatus()).toBe(200)
  })

  test('limits requests through a proxy and shows them no metrics', async () => {
    expect(await isLimited(forwarded)).toBe(true)
    expect(await metricsStatus(forwarded)).toBe(403)
  })
})
