import { expect, test } from 'vitest'
import { parseRobots } from './robots.ts'
import { sourceUrl } from './source-url.ts'

const allows = (text: string, path: string) => parseRobots(text).allows(new URL(path, 'https://data.org'))

test('the longest rule that matches decides (RFC 9309)', () => {
  const text = 'User-agent: *\nDisallow: /\nAllow: /data\nDisallow: /data/private # hush\n'
  expect(allows(text, '/')).toBe(false)
  expect(allows(text, '/data/ice.csv')).toBe(true)
  expect(allows(text, '/data/private/x')).toBe(false)
})

test('the group for our user agent is used before that for all', () => {
  const text =
    'User-agent: other\nUser-agent: Holdfast\nDisallow: /a\nCrawl-delay: 7\n\nUser-agent: *\nDisallow: /'
  expect(allows(text, '/b')).toBe(true)
  expect(allows(text, '/a')).toBe(false)
  expect(parseRobots(text).delayMs).toBe(7_000)
  expect(parseRobots('User-agent: *\nCrawl-delay: 99999').delayMs).toBe(60_000)
})

test.each([
  ['/*.php$', '/x/index.php', false],
  ['/*.php$', '/x/index.php5', true],
  ['/a*b*c', '/aXXbYYc/more', false],
  ['/a*b*c', '/acb', true],
  ['/x$', '/x', false],
  ['/x$', '/xy', true],
  ['*', '/anything', false],
  ['', '/anything', true],
])('for Disallow: %s and the path %s, allowed is %s', (pattern, path, allowed) => {
  expect(allows(`User-agent: *\nDisallow: ${pattern}`, path)).toBe(allowed)
})

test('reads a hostile file quickly', () => {
  const started = performance.now()
  const text = `User-agent: *\n${`Disallow: /${'a*'.repeat(900)}z\n`.repeat(200)}`
  expect(allows(text, `/${'a'.repeat(5_000)}`)).toBe(true)
  expect(performance.now() - started).toBeLessThan(2_000)
})

test('probes sources over HTTP where possible', () => {
  expect(sourceUrl('https://data.org/x?y=1#z')?.href).toBe('https://data.org/x?y=1')
  expect(sourceUrl('s3://noaa-ghcn-pds/csv/')?.href).toBe(
    'https://s3.amazonaws.com/noaa-ghcn-pds?list-type=2&max-keys=1&prefix=csv%2F',
  )
  expect(sourceUrl('arn:aws:s3:::noaa-ghcn-pds')?.pathname).toBe('/noaa-ghcn-pds')
  for (const url of ['ftp://data.org/', 'urn:x:y', 'https://me:secret@data.org/', 's3://../etc', 'nonsense'])
    expect(sourceUrl(url), url).toBeUndefined()
})

test('reads a line of blanks in time linear in its length', () => {
  const started = performance.now()
  parseRobots(`User-agent: *\nDisallow: ${' '.repeat(200_000)}x y`)
  expect(performance.now() - started).toBeLessThan(1_000)
})
