/**
 * A web address reduced to what tells pages apart, such as `example.org/data?id=7`, for comparing homepages;
 * undefined if it is not an http(s) address.
 *
 * Scheme, `www.`, letter case of the host, default port, user, fragment, trailing slash, index file, tracking
 * parameters and the order of the others do not count.
 */
export function homepageKey(url: string): string | undefined {
  const parsed = parseWebUrl(url)
  if (!parsed) return undefined
  const host = parsed.host.replace(/^www\./, '').replace(/\.$/, '')
  const path = trimTrailing(parsed.pathname.replace(/\/(index|default)\.(html?|php|aspx?|jsp)$/i, '/'), '/')
  const query = [...parsed.searchParams]
    .filter(([name]) => !trackingParameter.test(name))
    .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
  const search = new URLSearchParams(query).toString()
  return `${host}${unescapeUnreserved(path)}${search === '' ? '' : `?${search}`}`
}

/** Parses an http(s) URL; undefined if the text is not one. */
export function parseWebUrl(text: string): URL | undefined {
  const url = URL.parse(text.trim())
  return url && (url.protocol === 'http:' || url.protocol === 'https:') ? url : undefined
}

/** A text without the given characters at its end; a regular expression would take quadratic time on a stranger's `////…`. */
export function trimTrailing(text: string, characters: string): string {
  let end = text.length
  while (end > 0 && characters.includes(text.charAt(end - 1))) end -= 1
  return text.slice(0, end)
}

const trackingParameter = /^(utm_\w+|fbclid|gclid|mc_[ce]id|msclkid)$/i

// Escapes of unreserved characters are decoded, and hex digits of the others become uppercase (RFC 3986, section
// 6.2.2).
function unescapeUnreserved(path: string): string {
  return path.replace(/%[0-9a-f]{2}/gi, (code) => {
    const character = String.fromCharCode(Number.parseInt(code.slice(1), 16))
    return /[\w.~-]/.test(character) ? character : code.toUpperCase()
  })
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
