/** Requirements of every page, checked in a browser. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { HtmlValidate, type Message } from 'html-validate'
import type { BrowserContext, Page } from 'playwright-core'

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** WCAG 2.2 AA, and the best practices in axe. */
const axeTags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** Runs axe-core and describes each violation in one line: the rule, and where it is broken. */
export async function axeViolations(page: Page): Promise<string[]> {
  // The page's own policy would refuse a script element; evaluating from outside is not subject to it.
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
    // Attributes are serialized as a browser reads them; the shorter forms are equally valid.
    'void-style': 'off',
    'no-trailing-whitespace': 'off',
    'long-title': 'off',
    // Line lengths in bytes do not matter to a reader.
    'no-raw-characters': 'error',
  },
})

/** The errors that an HTML validator finds in a document, one per line. */
export async function htmlErrors(html: string): Promise<string[]> {
  const report = await validator.validateString(html)
  const line = ({ ruleId, message, line, column }: Message) => `${line}:${column} ${ruleId}: ${message}`
  return report.results.flatMap(({ messages }) => messages.map(line))
}

/** Runs in a page before its own scripts, and sums up in `shift` how much moves while it loads. */
export const countShifts = `
  globalThis.shift = 0
  new PerformanceObserver((list) => { for (const entry of list.getEntries()) globalThis.shift += entry.value })
    .observe({ type: 'layout-shift', buffered: true })`

/** A slow machine shows a page before all of it was read, which moves its head by some pixels; web.dev calls 0.1 good. */
export const mostShift = 0.01

/** The number of functions of the page's script files that are called while `load` runs. */
export async function countCalls(page: Page, load: () => Promise<unknown>): Promise<number> {
  await page.coverage.startJSCoverage()
  await load()
  const scripts = await page.coverage.stopJSCoverage()
  const counts = scripts.flatMap(({ functions }) => functions.map(({ ranges }) => ranges[0]?.count ?? 0))
  return counts.reduce((sum, count) => sum + count, 0)
}

export interface Watched {
  /** Requests to hosts other than the site. */
  readonly strangers: string[]
  /** Errors and warnings on the console, including violations of the page's policy. */
  readonly complaints: string[]
  /** Dialogs, which none of our pages open. */
  readonly dialogs: string[]
}

/** Watches everything that the pages of this context do besides rendering. */
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
