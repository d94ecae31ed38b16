import { expect, test } from 'vitest'
import { createTurns } from './store-turns.ts'

test('runs a limited number of searches at once', async () => {
  const turns = createTurns({ mostAtOnce: 2, longestWaitMs: 60_000 })
  let running = 0
  let most = 0
  const search = async () => {
    most = Math.max(most, ++running)
    await new Promise(setImmediate)
    running--
  }
  await Promise.all(Array.from({ length: 20 }, () => turns.take(search)))
  expect({ most, running }).toEqual({ most: 2, running: 0 })
})

test('refuses a search whose turn does not come in time, and never runs it', async () => {
  const turns = createTurns({ mostAtOnce: 1, longestWaitMs: 5 })
  const { promise, resolve } = Promise.withResolvers<void>()
  const long = turns.take(() => promise)
  let began = false
  const late = turns.take(async () => {
    began = true
  })
  await expect(late).rejects.toMatchObject({ name: 'StoreUnavailableError' })
  resolve()
  await long
  expect(began).toBe(false)
  expect(await turns.take(async () => 'next')).toBe('next')
})

test('a search that fails frees its turn', async () => {
  const turns = createTurns({ mostAtOnce: 1, longestWaitMs: 60_000 })
  await expect(turns.take(() => Promise.reject(new Error('broke')))).rejects.toThrow('broke')
  expect(await turns.take(async () => 'next')).toBe('next')
})
