import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { keepPace, TooSlowError } from './keep-pace.ts'

const read = async (chunks: AsyncIterable<Uint8Array>, pace: Parameters<typeof keepPace>[1]) => {
  let bytes = 0
  for await (const chunk of keepPace(chunks, pace)) bytes += chunk.length
  return bytes
}

test('reads a body to its end while the host is fast enough', async () => {
  async function* steady() {
    for (let n = 0; n < 20; n++) {
      yield new Uint8Array(10_000)
      await wait(10)
    }
  }
  expect(await read(steady(), { graceMs: 100, bytesPerSecond: 100_000 })).toBe(200_000)
})

test('gives up a host that sends nothing or too little', async () => {
  async function* still() {
    yield new Uint8Array(10)
    await new Promise(() => {})
  }
  async function* trickling() {
    for (;;) {
      yield new Uint8Array(1)
      await wait(5)
    }
  }
  const pace = { graceMs: 50, bytesPerSecond: 10_000 }
  await expect(read(still(), pace)).rejects.toThrow(TooSlowError)
  await expect(read(trickling(), pace)).rejects.toThrow(/the host sent \d+ bytes/)
})
