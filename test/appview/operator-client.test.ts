import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { operatorClient } from '@holdfast/appview/admin/operator-client'
import { OperatorError } from '@holdfast/runtime/operator-error'
import { expect, test } from 'vitest'
import { freePort } from '../network/free-port.ts'

const asking = (url: string) =>
  operatorClient({ url, token: 'x' })
    .query('getIngestStatus')
    .catch((error: unknown) => error)

test('says in a sentence what is wrong with a server that fails', async () => {
  const server = createServer((req, res) => {
    if (!req.url?.startsWith('/health')) return res.writeHead(500).end('{"error":"InternalServerError"}')
    return res.writeHead(503).end('{"ok":false,"database":"ok","writes":"has no room on its disk"}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const error = await asking(url)
  server.close()
  expect(error).toBeInstanceOf(OperatorError)
  expect((error as Error).message).toBe(
    `The AppView at ${url} is not well: its database has no room on its disk. Fix that, and try again.`,
  )
})

test('says what to do when nobody answers', async () => {
  const url = `http://127.0.0.1:${await freePort()}`
  expect(await asking(url)).toMatchObject({
    message: `No AppView answers at ${url}. Start it, or set HOLDFAST_APPVIEW_URL.`,
  })
})
