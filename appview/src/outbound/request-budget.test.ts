import { expect, test } from 'vitest'
import { HostBusyError } from './guarded-fetch-errors.ts'
import { addressKey, createRequestBudget, defaultAllowances, type Purpose } from './request-budget.ts'

const hourMs = 3_600_000

function start() {
  let nowMs = Date.UTC(2026, 0, 1)
  const outcomes: string[] = []
  const budget = createRequestBudget(defaultAllowances, {
    now: () => nowMs,
    onBooked: (purpose, outcome) => outcomes.push(`${purpose} ${outcome}`),
  })
  const book = (
    addresses: readonly string[],
    { account, patienceMs = 0, purpose = 'third-party', port = '443' } = {} as {
      account?: string
      patienceMs?: number
      purpose?: Purpose
      port?: string
    },
  ) => {
    try {
      return budget.book({ purpose, host: 'x.org', port, addresses, account, patienceMs })
    } catch (error) {
      if (error instanceof HostBusyError) return `busy ${error.retryAfterMs}`
      throw error
    }
  }
  const pass = (ms: number) => {
    nowMs += ms
  }
  return { book, outcomes, pass }
}

test('asks an address once in ten seconds, whatever names lead to it', () => {
  const { book, outcomes, pass } = start()
  expect(book(['8.8.8.8'])).toBe(0)
  pass(1_000)
  expect(book(['8.8.8.8'], { port: '8080' })).toBe('busy 9000')
  expect(book(['9.9.9.9', '8.8.8.8'])).toBe('busy 9000')
  expect(book(['9.9.9.9'])).toBe(0)
  pass(9_000)
  expect(book(['::ffff:8.8.8.8'])).toBe(0)
  expect(outcomes.filter((outcome) => outcome === 'third-party sent')).toHaveLength(3)
})

test('gives each waiting caller the next turn', () => {
  const { book } = start()
  const waits = [1, 2, 3, 4].map(() => book(['8.8.8.8'], { patienceMs: 20_000 }))
  expect(waits).toEqual([0, 10_000, 20_000, 'busy 30000'])
})

test('allows an address a thousand requests a day, of which one account gets half', () => {
  const { book, pass } = start()
  const askAll = (account: string, times: number) =>
    Array.from({ length: times }, () => {
      pass(10_000)
      return book(['8.8.8.8'], { account })
    }).filter((answer) => answer === 0).length
  expect(askAll('did:web:a', 700)).toBe(500)
  expect(askAll('did:web:b', 700)).toBe(500)
  expect(askAll('did:web:c', 10)).toBe(0)
  pass(24 * hourMs)
  expect(askAll('did:web:c', 10)).toBe(10)
})

test('limits the requests for one account, however many addresses its records name', () => {
  const { book, pass } = start()
  let sent = 0
  for (let i = 0; i < 6_000; i++) {
    pass(600)
    if (book([`8.${i % 7}.${i >> 8}.${i & 255}`], { account: 'did:web:a' }) === 0) sent++
  }
  expect(sent).toBe(5_000)
  expect(book(['9.9.9.9'], { account: 'did:web:b' })).toBe(0)
})

test('trackers and accounts’ own servers have separate budgets', () => {
  const { book } = start()
  expect(book(['8.8.8.8'])).toBe(0)
  expect(book(['8.8.8.8'], { purpose: 'tracker' })).toBe(0)
  expect(book(['8.8.8.8'], { purpose: 'tracker' })).toBe('busy 2000')
  expect(book(['8.8.8.8'], { purpose: 'pds' })).toBe(0)
})

test('a /64 counts as one address', () => {
  expect(addressKey('2606:4700::1', '443')).toBe(addressKey('2606:4700:0:0:ffff::2', '80'))
  expect(addressKey('2606:4700::1', '443')).not.toBe(addressKey('2606:4700:0:1::1', '443'))
  expect(addressKey('8.8.8.8', '1')).toBe(addressKey('::ffff:8.8.8.8', '2'))
})

test('hosts of a private network count by their ports', () => {
  expect(addressKey('127.0.0.1', '1')).not.toBe(addressKey('127.0.0.1', '2'))
})
