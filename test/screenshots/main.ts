/**
 * `npm run screenshots [-- NAME …]`: every page in both themes and two widths, as PNG files in ./screenshots. The pages
 * of a signed-in user run over a network of their own, with a real PDS.
 */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { startBrowser } from '../pages/browser.ts'
import { samplePaths } from '../pages/sample/paths.ts'
import { fillSample } from '../pages/sample/sample.ts'
import { startSite } from '../pages/site.ts'
import { needs } from '../system/requirements.ts'
import { scratchDirectory } from '../system/scratch.ts'
import { takePicture, themes, widths } from './pictures.ts'
import { signedInNames, takeSignedIn } from './signed-in.ts'

const directory = join(process.cwd(), 'screenshots')
/** The names of the only pages to take. */
const only = new Set(process.argv.slice(2))
const isWanted = (name: string) => only.size === 0 || only.has(name)

if (needs('screenshots', 'chromium')) {
  await using browser = await startBrowser()
  if (only.size === 0) await rm(directory, { recursive: true, force: true })
  await mkdir(directory, { recursive: true })
  const anonymous = await takeAnonymous(browser)
  const signedIn = signedInNames.filter(isWanted)
  if (signedIn.length > 0) await takeSignedIn(browser, { directory, names: signedIn })
  const pages = anonymous + signedIn.length
  console.log(`${pages * 4} pictures of ${pages} pages are in ${directory}`)
}

async function takeAnonymous(browser: Browser): Promise<number> {
  await using site = await startSite()
  await using files = await scratchDirectory()
  const sample = await fillSample(site.catalog, files.path)
  const paths = Object.entries(samplePaths(sample)).filter(([name]) => isWanted(name))
  for (const theme of themes) {
    for (const size of ['wide', 'narrow'] as const) {
      const viewport = { width: widths[size], height: 900 }
      await using context = await browser.newContext({ colorScheme: theme, locale: 'en-GB', viewport })
      const page = await context.newPage()
      for (const [name, path] of paths) {
        await page.goto(site.url + path)
        await takePicture(page, { name, directory, theme, size })
      }
    }
  }
  return paths.length
}
