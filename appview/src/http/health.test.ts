import type { AddressInfo } from 'node:net'
import express from 'express'
import { expect, test } from 'vitest'
import { createHealth, type HealthParts } from './health.ts'

const well: HealthParts = {
  ping: async () => {},
  pingWrites: async () => {},
  faultOf: (error) => (error as Error).message,
  isStoring: () => true,
  redis: undefined,
  hosts: async () => [],
  version: '1.2.3',
}

async function serve(parts: Partial<HealthParts>) {
  const health = createHealth({ ...well, ...parts })
  const app = express().get('/', health.ready)
  const server = app.listen(0)
  await new Promise((resolve) => server.once('listening', resolve))
  return {
    ask: async () => {
      const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
      return { status: response.status, ...((await response.json()) as { database: string; writes: string }) }
    },
    [Symbol.asyncDispose]: async () => void server.close(),
  }
}

test('checks the database once for all requests at the same time', async () => {
  let looks = 0
  const pingWrites = async () => {
    looks++
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  await using server = await serve({ pingWrites })
  const answers = await Promise.all(Array.from({ length: 50 }, server.ask))
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
  expect(looks).toBe(1)
})

test('answers in time when the database never does', async () => {
  await using server = await serve({ pingWrites: () => new Promise(() => {}) })
  expect(await server.ask()).toMatchObject({ status: 503, database: 'does not answer' })
})

test('distinguishes a read-only database from one that does not answer', async () => {
  const fails = async () => {
    throw new Error('is read-only')
  }
  await using reading = await serve({ pingWrites: fails })
  expect(await reading.ask()).toMatchObject({ status: 503, database: 'ok', writes: 'is read-only' })
  await using neither = await serve({ pingWrites: fails, ping: fails })
  expect(await neither.ask()).toMatchObject({ status: 503, database: 'is read-only' })
})

test('reports when received events are not stored', async () => {
  await using server = await serve({ isStoring: () => false })
  expect(await server.ask()).toMatchObject({ status: 503, database: 'ok' })
})
