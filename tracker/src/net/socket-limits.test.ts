import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { SocketLimits } from './socket-limits.ts'

test('limits sockets by address, /64 and /48 until they close', () => {
  using limits = new SocketLimits({ perAddress: 2, total: 100, exempt: (address) => address === '10.9.9.9' })
  const sockets: EventEmitter[] = []
  const admit = (address: string): boolean => {
    const socket = new EventEmitter()
    sockets.push(socket)
    return limits.admit(socket as Socket, address, 1000)
  }
  expect(['10.0.0.1', '::ffff:10.0.0.1', '10.0.0.1', '10.0.0.2'].map(admit)).toEqual([
    true,
    true,
    false,
    true,
  ])
  expect(['2001:db8:1::1', '2001:db8:1::2', '2001:db8:1::3'].map(admit)).toEqual([true, true, false])
  expect([1, 2, 3, 4, 5, 6, 7].map((net) => admit(`2001:db8:1:${net}::1`))).toEqual([
    ...Array(6).fill(true),
    false,
  ])
  expect(admit('2001:db8:2::1')).toBe(true)
  expect(Array.from({ length: 5 }, () => admit('10.9.9.9'))).not.toContain(false)
  for (const socket of sockets) socket.emit('close')
  expect(limits.open).toBe(0)
  expect(admit('10.0.0.1')).toBe(true)
})
