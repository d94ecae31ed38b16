import { expect, test } from 'vitest'
import type { WebAnswer } from '../web.ts'
import { readNamedBucket } from './s3.ts'

// What servers answer whose names do not resolve to this computer: Amazon's, and those that know a bucket as a host only.
// The rest is tested with real servers.

const listing =
  '<s3:ListBucketResult xmlns:s3="http://s3.amazonaws.com/doc/2006-03-01/"><s3:Contents><s3:Key>sets/a.bin</s3:Key><s3:Size>7</s3:Size></s3:Contents></s3:ListBucketResult>'

type Answer = Readonly<{ status: number; text?: string; region?: string }>

/** Reads `s3://levels/sets/` where only these servers answer, all others with an error. */
async function read(servers: Readonly<Record<string, Answer>>, endpoint?: string) {
  const ask = async (address: string): Promise<WebAnswer> => {
    const url = new URL(address)
    const { status, text = '', region } = servers[`${url.origin}${url.pathname}`] ?? { status: 400 }
    return { url, status, text, headers: new Headers(region ? { 'x-amz-bucket-region': region } : {}) }
  }
  const found = await readNamedBucket(
    { name: 'levels', key: 'sets/' },
    {
      ...{ web: { get: ask, head: ask, peek: ask, [Symbol.dispose]() {} }, endpoint },
      ...{ maxFiles: 10, maxDepth: 10, connections: 1 },
      ...{ isExcluded: () => undefined, onFound() {} },
    },
  )
  return found.files.map(({ url, sizeBytes }) => [url, sizeBytes])
}

test('a bucket of Amazon is read in its region, by a path', async () => {
  const servers = {
    'https://s3.amazonaws.com/levels/': { status: 301, region: 'eu-west-3' },
    'https://s3.eu-west-3.amazonaws.com/levels/': { status: 200, text: listing },
  }
  expect(await read(servers)).toEqual([['https://s3.eu-west-3.amazonaws.com/levels/sets/a.bin', 7]])
})

test('a region that is none is not taken for a host', async () => {
  const servers = {
    'https://s3.amazonaws.com/levels/': { status: 200, text: listing, region: 'evil.example/' },
  }
  expect(await read(servers)).toEqual([['https://s3.amazonaws.com/levels/sets/a.bin', 7]])
})

test('a store that has buckets as hosts only is read there', async () => {
  const servers = { 'https://levels.s3.example.org/': { status: 200, text: listing } }
  expect(await read(servers, 'https://s3.example.org/')).toEqual([
    ['https://levels.s3.example.org/sets/a.bin', 7],
  ])
})

test('after an answer that says what is wrong, no host is made up', async () => {
  const servers = {
    'https://s3.example.org/levels/': { status: 403, text: '<Error><Code>AccessDenied</Code></Error>' },
    'https://levels.s3.example.org/': { status: 200, text: listing },
  }
  await expect(read(servers, 'https://s3.example.org/')).rejects.toThrow('AccessDenied')
})
