import { expect, test } from 'vitest'
import { isStrangerHost } from './stranger-host.ts'

test.each([
  ['udp://127.0.0.1:6969', false],
  ['udp://[::1]:6969/announce', false],
  ['http://192.168.1.1/announce', false],
  ['http://localhost/announce', false],
  ['udp://93.184.215.14:80', true],
  ['udp://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]:80', true],
  ['not an address', false],
])('whether %s is outside of private networks: %s', async (address, isOutside) => {
  expect(await isStrangerHost(address)).toBe(isOutside)
})
