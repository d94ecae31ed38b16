import { encode } from '@holdfast/torrent/bencode-tree'
import { afterEach, expect, test } from 'vitest'
import { makeTorrent } from '../../../testing/publishing.ts'
import { createWebseedSampler, type WebseedSampler } from './webseed-sampler.ts'

let sampler: WebseedSampler
afterEach(() => sampler[Symbol.asyncDispose]())
const own = (bytes: Uint8Array) => new Uint8Array(bytes)

test('draws pieces, with their hashes, in a thread', async () => {
  sampler = createWebseedSampler()
  const { bytes } = makeTorrent('ice.csv', Buffer.alloc(400_000, 7))
  const sampling = await sampler.sample(own(bytes))
  if ('skipped' in sampling) throw new Error(sampling.skipped)
  expect(sampling.sample).toMatchObject({ name: 'ice.csv', isSingleFile: true })
  expect(sampling.sample.pieces.map(({ hashes }) => hashes.sha1?.length)).toEqual([20, 20, 20, 20])
})

test('does not draw a piece of very many files', async () => {
  sampler = createWebseedSampler()
  const tiny = Array.from({ length: 16_384 }, (_, i) => ({ length: 1, path: [`${i}`] }))
  const files = [...tiny, { length: 16_384 * 1_023, path: ['large'] }]
  const info = { files, name: 'x', 'piece length': 16_384, pieces: Buffer.alloc(20 * 1_024) }
  const sampling = await sampler.sample(own(encode({ info })))
  if ('skipped' in sampling) throw new Error(sampling.skipped)
  expect(sampling.sample.pieces.every(({ span }) => span.piece > 0 && span.parts.length === 1)).toBe(true)
})

test('skips metainfo that can no longer be read', async () => {
  sampler = createWebseedSampler()
  expect(await sampler.sample(own(Buffer.from('nonsense')))).toHaveProperty('skipped')
})
