import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createTestRepo } from '../../../testing/signed-repo.ts'
import { VerifyError } from '../verify/verify-error.ts'
import { readRepo } from './read-repo.ts'

const ours = 'com.example.dataset'
const limits = { prefixes: [`${ours}/`, 'com.example.torrent/'], maxRecords: 1_000, maxKeptBytes: 10_000_000 }

async function filledRepo() {
  const repo = await createTestRepo()
  const posts = Array.from({ length: 300 }, (_, n) => [
    `app.bsky.feed.post/p${n}`,
    { $type: 'app.bsky.feed.post', n },
  ])
  const datasets = Array.from({ length: 40 }, (_, n) => [`${ours}/d${n}`, { $type: ours, n }])
  const torrents = Array.from({ length: 10 }, (_, n) => [
    `com.example.torrent/t${n}`,
    { $type: 'com.example.torrent', n },
  ])
  const likes = Array.from({ length: 30 }, (_, n) => [
    `com.example.datasets/x${n}`,
    { $type: 'com.example.datasets', n },
  ])
  const { rev } = await repo.write(Object.fromEntries([...posts, ...datasets, ...torrents, ...likes]))
  return { repo, rev, car: await repo.car() }
}

test('reads our records of a repository with blocks in any order and chunks of any size', async () => {
  const { repo, rev, car } = await filledRepo()
  const options = { ...limits, did: repo.did, key: repo.key, nowMs: Date.now() }
  for (const size of [1, 7, 1_000, car.length]) {
    const snapshot = await readRepo(chunked(car, size), options)
    expect(snapshot.rev).toBe(rev)
    expect(snapshot.records.map(({ path }) => path)).toEqual(
      repo
        .paths()
        .filter((path) => limits.prefixes.some((prefix) => path.startsWith(prefix)))
        .sort(),
    )
    expect(snapshot.records.every(({ record }) => record)).toBe(true)
  }
})

test('reads an empty repository as one without records', async () => {
  const repo = await createTestRepo()
  const options = { ...limits, did: repo.did, key: repo.key, nowMs: Date.now() }
  expect((await readRepo(chunked(await repo.car(), 50), options)).records).toEqual([])
})

test.each([
  ['too many records', { maxRecords: 49 }, 'too-large'],
  ['too many bytes', { maxKeptBytes: 5_000 }, 'too-large'],
  ['the DID of another account', { did: 'did:plc:another' }, 'wrong-repo'],
])('refuses a repository with %s', async (_what, changes, fault) => {
  const { read } = await filledReader()
  await expect(read(changes)).rejects.toMatchObject({ fault })
})

test('refuses a repository that another key signed', async () => {
  const { read } = await filledReader()
  const { key } = await createTestRepo()
  await expect(read({ key })).rejects.toMatchObject({ fault: 'bad-signature' })
})

/** Reads a repository of fifty records with options that refuse it. */
async function filledReader() {
  const { repo, car } = await filledRepo()
  const options = { ...limits, did: repo.did, key: repo.key, nowMs: Date.now() }
  const read = (changes: object) => readRepo(chunked(car, 1_000), { ...options, ...changes })
  return { read }
}

test('never reads a damaged repository as a different one', async () => {
  const { repo, car } = await filledRepo()
  const options = { ...limits, did: repo.did, key: repo.key, nowMs: Date.now() }
  const whole = await readRepo(chunked(car, 4_096), options)
  await fc.assert(
    fc.asyncProperty(fc.nat(car.length - 1), fc.nat(7), fc.boolean(), async (at, bit, cut) => {
      const damaged = Uint8Array.from(cut ? car.subarray(0, at) : car)
      if (!cut) damaged[at]! ^= 1 << bit
      const outcome = await readRepo(chunked(damaged, 4_096), options).catch((error: unknown) => error)
      if (outcome instanceof Error) expect(outcome).toBeInstanceOf(VerifyError)
      // A damaged repository may lack one of our records, but never gives another one.
      else
        for (const [i, found] of (outcome as typeof whole).records.entries()) {
          expect(found).toEqual(found.record ? whole.records[i] : { ...whole.records[i], record: undefined })
        }
    }),
    { numRuns: 400 },
  )
})

async function* chunked(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
