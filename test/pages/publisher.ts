import type { BrowserContext, Page } from 'playwright-core'
import { scratchDirectory } from '../system/scratch.ts'
import { type System, startSystem } from '../system/system.ts'
import { startBrowser } from './browser.ts'
import { signInAtPds } from './sign-in.ts'

/** A whole system with the accounts `alice` and `bobby`, and a browser page in English that shows its site. */
export type Publisher = AsyncDisposable & {
  readonly directory: string
  readonly system: System
  readonly context: BrowserContext
  readonly page: Page
  /** The URL of the site, without a slash at the end. */
  readonly site: string
}

export async function startPublisher(): Promise<Publisher> {
  await using stack = new AsyncDisposableStack()
  const directory = stack.use(await scratchDirectory()).path
  const system = stack.use(await startSystem({ directory, accounts: ['alice', 'bobby'], pdsCount: 1 }))
  const browser = stack.use(await startBrowser())
  const context = stack.use(await browser.newContext({ locale: 'en-GB' }))
  const page = await context.newPage()
  const rest = stack.move()
  return {
    ...{ directory, system, context, page },
    site: `http://127.0.0.1:${system.appView.port}`,
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  }
}

/** Signs in like alice: names her server, and enters her password there. */
export async function signIn({ page, site, system }: Publisher): Promise<void> {
  const account = system.network.accounts[0]!
  await page.goto(`${site}/publish`)
  await page.getByLabel('Your handle').fill(account.pdsUrl)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL((url) => url.origin === new URL(account.pdsUrl).origin)
  await signInAtPds(page, account)
  await page.waitForURL(`${site}/publish`)
  await page.getByText(`Signed in as ${account.handle}`).waitFor()
}
