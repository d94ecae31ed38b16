import { expect, test } from 'vitest'
import { toIri } from './json-ld.ts'

test.each([
  ['https://example.org/a b', 'https://example.org/a%20b'],
  ['https://example.org/a>b"{|}^`\\<', 'https://example.org/a%3Eb%22%7B%7C%7D%5E%60%5C%3C'],
  ['https://[2001:db8::1]/[x]#a#b', 'https://[2001:db8::1]/%5Bx%5D#a%23b'],
  ['https://example.org/100%', 'https://example.org/100%25'],
  ['urn:isbn:9783161484100', 'urn:isbn:9783161484100'],
  ['https://example.org/漢', 'https://example.org/漢'],
  ['https://example.org/\u0000\uD800', 'https://example.org/%00%EF%BF%BD'],
  ['magnet:?xt=urn:btih:abc&dn=a%20b', 'magnet:?xt=urn:btih:abc&dn=a%20b'],
])('%j becomes %s as an IRI', (address, iri) => expect(toIri(address)).toBe(iri))

test.each(['', 'ice', '/relative', '_:b0', '#fragment', '@id', 'https://', 'http:///'])(
  '%j does not become an IRI',
  (address) => expect(toIri(address)).toBeUndefined(),
)
