import type { Head } from './head.ts'

const maxRedirects = 8

/** A redirect that cannot be followed. */
export class RedirectError extends Error {
  override readonly name = 'RedirectError'
}

/** The address that an answer redirects to; undefined if it is no redirect. */
export function redirectOf({ status, headers }: Head): string | undefined {
  return [301, 302, 303, 307, 308].includes(status) ? headers.get('location') : undefined
}

/**
 * Asks an address, and those to which the answers redirect, until one is no redirect; resolves to its address. Throws a
 * RedirectError for a chain without end and for what is not HTTP.
 */
export async function followRedirects(
  start: URL,
  ask: (url: URL) => Promise<string | undefined>,
): Promise<URL> {
  let url = start
  for (let hops = 0; hops <= maxRedirects; hops++) {
    const next = await ask(url)
    if (next === undefined) return url
    const target: URL | null = URL.parse(next, url.href)
    if (!target || !/^https?:$/.test(target.protocol))
      throw new RedirectError(`the server redirects to ${target?.protocol ?? 'no address'}`)
    url = target
  }
  throw new RedirectError('the server redirects without end')
}
