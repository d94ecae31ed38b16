/** What every page is held to, looked at in a browser. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { HtmlValidate, type Message } from 'html-validate'
import type { BrowserContext, Page } from 'playwright-core'

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** WCAG 2.2 AA, and the best practices that axe knows. */
const axeTags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** Runs axe-core and tells each violation in one line: rule, and where. */
export async function axeViolations(page: Page): Promise<string[]> {
  // The page's own policy would refuse a script element; evaluation from outside is not under it.
  await page.evaluate(axeSource)
  const options = JSON.stringify({ runOnly: axeTags })
  const { violations } = (await page.evaluate(`axe.run(document, ${options})`)) as AxeResult
  return violations.flatMap(({ id, nodes }) =>
    nodes.slice(0, 3).map(({ target, failureSummary }) => `${id} ${target.join(' ')} ${failureSummary}`),
  )
}

interface AxeResult {
  violations: { id: string; nodes: { target: unknown[]; failureSummary?: string }[] }[]
}

const validator = new HtmlValidate({
  extends: ['html-validate:standard'],
  rules: {
    // Written as a browser reads it: the shorter forms are as valid.
    'void-style': 'off',
    'no-trailing-whitespace': 'off',
    'long-title': 'off',
    // Lengths in bytes say nothing to a reader.
    'no-raw-characters': 'error',
  },
})

/** What an HTML validator says against a document, one line each. */
export async function htmlErrors(html: string): Promise<string[]> {
  const report = await validator.validateString(html)
  const line = ({ ruleId, message, line, column }: Message) => `${line}:${column} ${ruleId}: ${message}`
  return report.results.flatMap(({ messages }) => messages.map(line))
}

/** Run by a page before anything else of it: adds up in `shift` how much moves while it loads. */
export const countShifts = `
  globalThis.shift = 0
  new PerformanceObserver((list) => { for (const entry of list.getEntries()) globalThis.shift += entry.value })
    .observe({ type: 'layout-shift', buffered: true })`

/** A slow machine shows a page before all of it is read, which moves its head by some pixels; web.dev calls 0.1 good. */
export const mostShift = 0.01

/** How many functions of the page's scripts, as files, are called while `load` runs. */
export async function countCalls(page: Page, load: () => Promise<unknown>): Promise<number> {
  await page.coverage.startJSCoverage()
  await load()
  const scripts = await page.coverage.stopJSCoverage()
  const counts = scripts.flatMap(({ functions }) => functions.map(({ ranges }) => ranges[0]?.count ?? 0))
  return counts.reduce((sum, count) => sum + count, 0)
}

export interface Watched {
  /** Requests to anywhere but the site. */
  readonly strangers: string[]
  /** Errors and warnings of the console, violations of the page's policy among them. */
  readonly complaints: string[]
  /** Dialogs: nothing of ours opens one. */
  readonly dialogs: string[]
}

/** Watches everything that pages of this context do besides showing themselves. */
export function watch(context: BrowserContext, siteUrl: string): Watched {
  const watched: Watched = { strangers: [], complaints: [], dialogs: [] }
  context.on('request', (request) => {
    if (!request.url().startsWith(siteUrl) && !request.url().startsWith('about:'))
      watched.strangers.push(request.url())
  })
  context.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') watched.complaints.push(message.text())
  })
  context.on('weberror', (error) => watched.complaints.push(String(error.error())))
  context.on('dialog', async (dialog) => {
    watched.dialogs.push(dialog.message())
    await dialog.dismiss()
  })
  return watched
}
