import { randomInt } from 'node:crypto'

const digits = '234567abcdefghijklmnopqrstuvwxyz'
const clockId = randomInt(1024)
let lastMicroseconds = 0

/**
 * A record key for the current time, later than any before in this process (atproto TID spec: 53 bits of µs, 10 bits of
 * clock).
 */
export function nextTid(): string {
  lastMicroseconds = Math.max(Date.now() * 1000, lastMicroseconds + 1)
  let value = (BigInt(lastMicroseconds) << 10n) | BigInt(clockId)
  let text = ''
  for (let i = 0; i < 13; i++, value >>= 5n) text = digits[Number(value & 31n)] + text
  return text
}
