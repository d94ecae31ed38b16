import { expect, test } from 'vitest'
import { elementsOf, linksOf } from './html-links.ts'

test.each([
  ['<a href="a.bin">a</a>', ['a.bin']],
  ['<A class=x HREF=\'b c.bin\' title=">">', ['b c.bin']],
  ['<a href=plain.bin>x</a><a name="none">', ['plain.bin']],
  ['<a\nhref="a&amp;b&#x20;&#99;">', ['a&b c']],
  ['<!-- <a href="hidden"> --><abbr href="no"><a href="shown">', ['shown']],
  ['<td><a href="one"><b>one</b></a></td><td><a href="two">', ['one', 'two']],
])('the links of %s', (html, links) => {
  expect([...linksOf(html)]).toEqual(links)
})

test.each(['<a ', '<!--', '<a href="', '<', "<a href='x' ", '&#', '<Contents>'])(
  'a page of nothing but %j takes no time',
  (text) => {
    const page = text.repeat(4_000_000 / text.length)
    const startedAt = performance.now()
    expect([...linksOf(page), ...elementsOf(page, 'Contents')].length).toBeLessThan(2)
    // A quadratic search would take hours.
    expect(performance.now() - startedAt).toBeLessThan(5_000)
  },
)
