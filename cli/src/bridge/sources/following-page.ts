import { nextPage, type Page } from '../../import/pages.ts'

/**
 * The address of the page that follows, on the server that was asked for the first. Behind a proxy many programs link to
 * themselves under another scheme or name; and nobody else is to be asked in the name of a source.
 */
export function followingPage(page: Page, first: string): string | undefined {
  const next = URL.parse(nextPage(page) ?? '')
  return next ? new URL(`${next.pathname}${next.search}`, first).href : undefined
}
