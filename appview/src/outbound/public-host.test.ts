import { expect, test } from 'vitest'
import { isPublicAddress, isPublicHost, namesPrivateHost } from './public-host.ts'

const privateAddresses = [
  ...['0.0.0.0', '10.0.0.1', '100.64.0.1', '127.0.0.1', '169.254.169.254', '172.16.0.1', '192.168.0.1'],
  ...['192.0.0.1', '198.18.0.1', '203.0.113.1', '224.0.0.1', '240.0.0.1', '255.255.255.255'],
  ...['::', '::1', 'fe80::1', 'fc00::1', 'fd12:3456::1', 'fec0::1', 'ff02::1', '2001:db8::1', '4000::1'],
  // These contain another address: mapped, compatible, translated (NAT64, also with a network's own prefix), 6to4, Teredo.
  ...['::ffff:127.0.0.1', '::ffff:a00:1', '::127.0.0.1', '::8.8.8.8', '::ffff:0:127.0.0.1'],
  ...['64:ff9b::127.0.0.1', '64:ff9b::a9fe:a9fe', '64:ff9b:1::8.8.8.8', '2002:7f00:1::', '2001:0:7f00:1::'],
]
const publicAddresses = ['8.8.8.8', '2606:4700::1111', '::ffff:8.8.8.8', '64:ff9b::8.8.8.8']

test('an address is public only if the internet routes it', () => {
  for (const address of privateAddresses) expect(isPublicAddress(address), address).toBe(false)
  for (const address of publicAddresses) expect(isPublicAddress(address), address).toBe(true)
  for (const odd of ['', 'data.org', 'fe80::1%eth0', '2606:4700::1111%1', '[::1]'])
    expect(isPublicAddress(odd), odd).toBe(false)
})

test('a host is judged by any spelling of its address', () => {
  for (const address of privateAddresses) {
    const host = address.includes(':') ? `[${address}]` : address
    expect(isPublicHost(host), host).toBe(false)
  }
  for (const host of ['0x7f.1', '2130706433', '0177.0.0.1', '127.1', '127.0.0.1.', '%31%32%37.0.0.1'])
    expect(isPublicHost(host), host).toBe(false)
  for (const host of ['8.8.8.8', '[2606:4700::1111]', '0x08080808'])
    expect(isPublicHost(host), host).toBe(true)
})

test('names of one label or below reserved domains are private', () => {
  for (const host of ['localhost', 'nas', 'NAS.LOCAL', 'a.localhost.', 'x.test', 'db.internal', 'x.example'])
    expect(isPublicHost(host), host).toBe(false)
  for (const host of [
    'printer.home.arpa',
    'abc.onion',
    'router.lan',
    'x.invalid',
    'a..org',
    '.org',
    'a b.org',
    '',
  ])
    expect(isPublicHost(host), host).toBe(false)
  for (const host of ['data.org', 'localhost.org', 'internal.example.org', 'münchen.de', 'data.org.'])
    expect(isPublicHost(host), host).toBe(true)
})

test('a URL of any scheme is judged by its host', () => {
  for (const url of [
    'http://192.168.0.1/x',
    'udp://0x7f.1:6969',
    'wss://nas.local/announce',
    'http://x.internal/',
  ])
    expect(namesPrivateHost(url), url).toBe(true)
  for (const url of ['not a url', 'https://data.org/', 'udp://tracker.org:6969', 'magnet:?xt=urn:btih:0'])
    expect(namesPrivateHost(url), url).toBe(false)
})
