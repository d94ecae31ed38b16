import { expect, test } from 'vitest'
import { html, jsonInHtml, nothing } from './html.ts'

test('escapes every value, in text and in attributes', () => {
  const hostile = `"><script>alert('1')</script>&amp;`
  const escaped = '&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;amp;'
  expect(html`<p title="${hostile}">${hostile}</p>`.text).toBe(`<p title="${escaped}">${escaped}</p>`)
})

test('nests pieces and lists, and writes nothing for empty values', () => {
  const items = ['a', '<b>'].map((item) => html`<li>${item}</li>`)
  expect(html`<ul>${items}${false}${null}${undefined}${nothing}</ul>${0}`.text).toBe(
    '<ul><li>a</li><li>&lt;b&gt;</li></ul>0',
  )
})

test('replaces lone surrogates and NUL by U+FFFD', () => {
  expect(html`${'a\uD800b\0c'}`.text).toBe('a\uFFFDb\uFFFDc')
})

test('JSON in a script cannot end the script', () => {
  const json = jsonInHtml({ name: '</script><!--<script>\u2028' }).text
  expect(json).not.toMatch(/[<>\u2028]/)
  expect(JSON.parse(json)).toEqual({ name: '</script><!--<script>\u2028' })
})
