import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { expect, test } from 'vitest'
import { ThreadsBusyError } from '../threads/thread-pool.ts'
import { type Site, serveErrors, servePage } from './serve-page.ts'

const faults: unknown[] = []
const site = {
  assets: { url: (name: string) => `/assets/${name}` },
  publicUrl: () => 'https://index.example.org',
  name: 'Holdfast',
  prose: { onPage: () => ({ mark: () => '', fillIn: async (text: string) => text }) },
  log: { error: (fields: object) => void faults.push(fields) },
} as unknown as Site

test('a page that has to wait for too many others says so with a 503 and when to come back', async () => {
  const app = express()
  app.get(
    '/',
    servePage(site, () => {
      throw new ThreadsBusyError('too many jobs wait')
    }),
  )
  app.use(serveErrors(site))
  await using server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const answer = await fetch(url, { headers: { accept: 'text/html', connection: 'close' } })
  expect(answer.status).toBe(503)
  expect(answer.headers.get('retry-after')).toBe('5')
  expect(answer.headers.get('content-type')).toContain('text/html')
  expect(await answer.text()).not.toContain('too many jobs wait')
  expect(faults).toEqual([])
})
