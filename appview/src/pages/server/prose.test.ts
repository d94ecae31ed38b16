import { afterEach, expect, test } from 'vitest'
import { createProse, type Prose } from './prose.ts'

let prose: Prose
afterEach(() => prose[Symbol.asyncDispose]())

const shown = async (text: string, fold?: { after: number; summary: string }) => {
  const page = prose.onPage()
  const mark = page.mark(text, fold)
  return page.fillIn(`<main>${mark}</main>`)
}

test('replaces a mark by the rendered text', async () => {
  prose = createProse()
  expect(await shown('*one* & two')).toBe(
    '<main><div class="prose" dir="auto"><p><em>one</em> &amp; two</p>\n</div></main>',
  )
  expect(await shown('plain words')).toContain('<p>plain words</p>')
})

test('folds a long text', async () => {
  prose = createProse()
  const text = await shown(`${'*word* '.repeat(100)}\n\nlast`, { after: 200, summary: 'more <' })
  expect(text).toContain('<summary>more &lt;</summary><div class="prose" dir="auto"><p>last</p>')
})

test('shows a text that takes too long unrendered, and does not try again', async () => {
  prose = createProse({ deadlineMs: 1 })
  const text = `${'[<'.repeat(10_000)}`
  const page = await shown(text)
  expect(page).toContain(`<p class="pre">${'[&lt;'.repeat(10)}`)
  expect(await shown(text)).toBe(page)
})

test('a text that looks like a mark is not replaced', async () => {
  prose = createProse()
  const page = prose.onPage()
  const marks = [page.mark('*a* <!--prose 1-->'), page.mark('*b*')]
  expect(await page.fillIn(marks.join(''))).toContain('&lt;!--prose 1--&gt;')
})

const length = 49_000
test.each([
  ['brackets', '['.repeat(length)],
  ['emphasis', '*a_ '.repeat(length / 4)],
  ['link definitions', Array.from({ length: 4_000 }, (_, i) => `[a${i}]: /u${i}`).join('\n')],
  ['nested quotes', `${'> - '.repeat(20)}x\n`.repeat(600)],
  ['lazy quotes', `${'> '.repeat(19)}x\n${'x\n'.repeat(length / 2)}`],
  ['a wide table', `|${'a|'.repeat(1000)}\n|${'-|'.repeat(1000)}\n${'|\n'.repeat(20_000)}`],
  ['links', 'http://a.b '.repeat(4_400)],
])('does not block the event loop with hostile Markdown: %s', async (_name, text) => {
  prose = createProse()
  await shown('*a thread is there*')
  const before = process.threadCpuUsage()
  await Promise.all([shown(text), shown(`${text} `)])
  const { user, system } = process.threadCpuUsage(before)
  // The processor time of this thread, which does not include waiting for a busy processor.
  expect((user + system) / 1000).toBeLessThan(150)
})
