import type { Page } from 'playwright-core'

/** Signs in as a person does: the server's own page asks for a password, and then for consent. */
export async function signInAtPds(page: Page, account: { handle: string; password: string }): Promise<void> {
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.fill('input[name=username]', account.handle)
  await page.fill('input[type=password]', account.password)
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Authorize' }).click()
}
