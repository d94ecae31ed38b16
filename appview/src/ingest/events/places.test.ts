import { expect, test } from 'vitest'
import { createSemaphore } from '../../runtime/semaphore.ts'
import { createPlaces, NoRoomError } from './places.ts'

const room = (events: number) => ({ events, bytes: 1_000 })
const start = () => {
  const semaphore = createSemaphore({ maxCount: 4, maxBytes: 1_000, signal: new AbortController().signal })
  return { semaphore, places: createPlaces(semaphore, { account: room(3), host: room(5), all: room(6) }) }
}

test('an event that waits for a server frees the places of its account’s next events', async () => {
  const { semaphore, places } = start()
  const first = await places.enter('did:plc:slow', 10)
  await places.enter('did:plc:slow', 10)
  await places.enter('did:plc:other', 10)
  expect(semaphore.count).toBe(3)
  first.await('slow.example')
  expect(semaphore.count).toBe(1)
  await places.enter('did:plc:slow', 10)
  expect(semaphore.count).toBe(1)
})

test('keeps a few waiting events of an account and drops the others', async () => {
  const { semaphore, places } = start()
  const first = await places.enter('did:plc:slow', 10)
  first.await('slow.example')
  const rest = await Promise.all(Array.from({ length: 5 }, () => places.enter('did:plc:slow', 10)))
  expect(rest.map(({ isLost }) => isLost)).toEqual([false, false, true, true, true])
  expect(semaphore.count).toBe(0)
})

test('limits the events that wait for one host, over all accounts', async () => {
  const { places } = start()
  for (let n = 0; n < 5; n++) (await places.enter(`did:plc:n${n}`, 10)).await('slow.example')
  const sixth = await places.enter('did:plc:sixth', 10)
  expect(() => sixth.await('slow.example')).toThrow(NoRoomError)
  expect(sixth.isLost).toBe(true)
  const elsewhere = await places.enter('did:plc:elsewhere', 10)
  elsewhere.await('quick.example')
  const beyond = await places.enter('did:plc:beyond', 10)
  expect(() => beyond.await('quick.example')).toThrow(NoRoomError)
})

test('frees the room of an account that no longer waits', async () => {
  const { semaphore, places } = start()
  for (let round = 0; round < 20; round++) {
    const first = await places.enter('did:plc:slow', 300)
    const second = await places.enter('did:plc:slow', 300)
    first.await('slow.example')
    first.leave()
    second.leave()
    const next = await places.enter('did:plc:slow', 10)
    expect([semaphore.count, next.isLost]).toEqual([1, false])
    next.leave()
  }
  expect(semaphore.count).toBe(0)
})

test('an account whose server answered may wait again', async () => {
  const { semaphore, places } = start()
  const first = await places.enter('did:plc:busy', 10)
  first.await('quick.example')
  const parked = await places.enter('did:plc:busy', 10)
  first.answered()
  const next = await places.enter('did:plc:busy', 10)
  expect([semaphore.count, next.isLost]).toEqual([1, false])
  next.await('quick.example')
  for (const place of [first, parked, next]) place.leave()
  for (const place of await Promise.all([1, 2, 3].map(() => places.enter('did:plc:busy', 10)))) place.leave()
  expect(semaphore.count).toBe(0)
})
