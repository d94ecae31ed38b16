import { startBrowser } from '../../pages/browser.ts'
import { needs } from '../../system/requirements.ts'

const visits = 7

/**
 * Milliseconds that scripts of a page run in Chromium on a first visit (`ScriptDuration` of the DevTools protocol), the
 * median of seven; undefined without Chromium.
 */
export async function measureScripts(url: string): Promise<number | undefined> {
  if (!needs('how long the scripts of a page run', 'chromium')) return undefined
  await using browser = await startBrowser()
  const times: number[] = []
  for (let visit = 0; visit < visits; visit++) {
    await using context = await browser.newContext()
    const page = await context.newPage()
    const devTools = await context.newCDPSession(page)
    await devTools.send('Performance.enable')
    await page.goto(url, { waitUntil: 'networkidle' })
    const { metrics } = await devTools.send('Performance.getMetrics')
    times.push((metrics.find((metric) => metric.name === 'ScriptDuration')?.value ?? 0) * 1_000)
  }
  return times.sort((a, b) => a - b)[Math.floor(visits / 2)]
}
