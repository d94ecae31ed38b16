import { openEmbedded } from '@holdfast/appview/testing/backends'
import { ThreadsBusyError } from '@holdfast/appview/threads/thread-pool'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type IndexUnderTest, startIndex } from './index-under-test.ts'

let index: IndexUnderTest
beforeAll(async () => {
  const busy = (error: (error: Error) => void) => error(new ThreadsBusyError('64 files wait already'))
  index = await startIndex({
    open: openEmbedded,
    interfaces: [(req, _res, next) => (req.path.endsWith('.torrent') ? busy(next) : next())],
  })
})
afterAll(() => index[Symbol.asyncDispose]())

test('answers Busy when more is asked for than can be made at once', async () => {
  const response = await fetch(`${index.url}/torrent/${'ab'.repeat(20)}.torrent`)
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5'])
  expect(await response.json()).toMatchObject({ error: 'Busy', message: expect.stringContaining('again') })
  expect(index.takeFaults()).toEqual([])
})
