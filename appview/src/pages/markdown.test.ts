import { expect, test } from 'vitest'
import { plainExcerpt, renderMarkdown } from './markdown.ts'

const rendered = (text: string) => renderMarkdown(text).start.text

test('renders CommonMark, with headings below those of the page', () => {
  expect(rendered('# Title\n\n*one* `two`')).toBe('<h3>Title</h3>\n<p><em>one</em> <code>two</code></p>\n')
})

test('headings skip no level', () => {
  const levels = rendered('### a\n\n# b\n\n##### c\n\n# d').match(/<h\d/g)
  expect(levels).toEqual(['<h3', '<h3', '<h4', '<h3'])
})

test.each([
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '[x](javascript:alert(1))',
  '[x](JaVaScRiPt&colon;alert(1))',
  '[x](data:text/html,<script>alert(1)</script>)',
  '[x](vbscript:x)',
  '[x](//evil.example)',
  '![x](https://evil.example/pixel.png)',
  '<https://a" onmouseover="alert(1)>',
  '[x]: javascript:alert(1)\n\n[x]',
  '```"><script>alert(1)</script>\ncode\n```',
  '| a |\n|:-:|\n| <svg onload=alert(1)> |',
])('%s renders as harmless text', (text) => {
  const output = rendered(text)
  expect(output).not.toMatch(/<(script|img|svg|iframe|style|link|object)/i)
  expect(output).not.toMatch(/<[^>]*\s(on\w+|style)=/i)
  for (const [, href] of output.matchAll(/href="([^"]*)"/g)) expect(href).toMatch(/^(https?:\/\/|mailto:)/)
})

test('marks links to the web as not endorsed and hides where the reader came from', () => {
  expect(rendered('[x](https://example.org/?a=1&b=2)')).toBe(
    '<p><a href="https://example.org/?a=1&amp;b=2" rel="nofollow ugc noopener noreferrer">x</a></p>\n',
  )
})

test('cuts a long text between blocks and keeps links that are defined at its end', () => {
  const text = `${'word '.repeat(100)}\n\n- one\n- two [here][x]\n\nlast\n\n[x]: https://example.org/`
  const { start, rest } = renderMarkdown(text, 200)
  expect(start.text.match(/<p>/g)).toHaveLength(1)
  expect(rest?.text).toContain('<ul>')
  expect(rest?.text).toContain('href="https://example.org/"')
  expect(renderMarkdown('short', 200).rest).toBeUndefined()
})

test('renders deep nesting and long lines quickly', () => {
  const started = performance.now()
  rendered('> '.repeat(5_000))
  rendered('['.repeat(20_000))
  rendered('*a '.repeat(10_000))
  rendered(`${'`'.repeat(3)}\n`.repeat(5_000))
  expect(performance.now() - started).toBeLessThan(5_000)
})

test('cuts an excerpt at a word, as plain text of one line', () => {
  expect(
    plainExcerpt(
      '## Sea *ice*\n\n[guide](https://example.org)\n\n| a | b |\n|--|:-:|\n\n```\ncode\n```\n\nend',
      100,
    ),
  ).toBe('guide end')
  expect(plainExcerpt('one two three four', 10)).toBe('one two…')
})

test('leaves headings out of an excerpt unless there is nothing else', () => {
  expect(plainExcerpt('# Volumes\n\nOne *and* two.\n\n## More\n\n1. Read me.', 200)).toBe(
    'One and two. Read me.',
  )
  expect(plainExcerpt('# Volumes', 200)).toBe('Volumes')
})
