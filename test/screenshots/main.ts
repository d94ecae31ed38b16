/** `npm run screenshots`: every page in both themes and two widths, as PNG files in ./screenshots. */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { hasChromium, startBrowser } from '../pages/browser.ts'
import { samplePaths } from '../pages/sample/paths.ts'
import { fillSample } from '../pages/sample/sample.ts'
import { startSite } from '../pages/site.ts'
import { scratchDirectory } from '../system/scratch.ts'

const target = join(process.cwd(), 'screenshots')
const themes = ['light', 'dark'] as const
const widths = { wide: 1280, narrow: 360 } as const
/** Names of pages to take alone. */
const only = new Set(process.argv.slice(2))

if (hasChromium('screenshots')) {
  await using site = await startSite()
  await using directory = await scratchDirectory()
  const sample = await fillSample(site.catalog, directory.path)
  await using browser = await startBrowser()
  if (only.size === 0) await rm(target, { recursive: true, force: true })
  await mkdir(target, { recursive: true })
  const paths = Object.entries(samplePaths(sample)).filter(([name]) => only.size === 0 || only.has(name))
  for (const colorScheme of themes) {
    for (const [size, width] of Object.entries(widths)) {
      await using context = await browser.newContext({
        colorScheme,
        locale: 'en-GB',
        viewport: { width, height: 900 },
      })
      const page = await context.newPage()
      for (const [name, path] of paths) {
        await page.goto(site.url + path)
        await page.screenshot({ path: join(target, `${name}-${colorScheme}-${size}.png`), fullPage: true })
      }
    }
  }
  console.log(`${paths.length * 4} pictures of ${paths.length} pages are in ${target}`)
}
