const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
}

/** A longer tag of a link is not read: what is in it could take long to tell. */
const maxTagLength = 16_384

/** The targets of all links of a page, as they are written there. Takes time in proportion to the page, whatever is in it. */
export function* linksOf(html: string): Generator<string> {
  for (let at = html.indexOf('<'); at >= 0; at = html.indexOf('<', at)) {
    if (html.startsWith('<!--', at)) {
      at = html.indexOf('-->', at)
      if (at < 0) return
      continue
    }
    const end = html.indexOf('>', at)
    if (end < 0) return
    if (/^a\s/i.test(html.slice(at + 1, at + 3)) && end - at <= maxTagLength) {
      const href = /\shref\s{0,9}=\s{0,9}(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/i.exec(html.slice(at, end + 1))
      if (href) yield decodeEntities(href[1] ?? href[2] ?? href[3] ?? '').trim()
    }
    at = end
  }
}

/** The texts of all elements of this name that have no attributes and are not within one another. */
export function* elementsOf(xml: string, name: string): Generator<string> {
  const [open, close] = [`<${name}>`, `</${name}>`]
  for (let at = xml.indexOf(open); at >= 0; at = xml.indexOf(open, at)) {
    const end = xml.indexOf(close, at)
    if (end < 0) return
    yield xml.slice(at + open.length, end)
    at = end
  }
}

/** Replaces the entities of HTML and XML that addresses are written with. */
export function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,6}));/gi, (whole, decimal, hex, name) => {
    if (name) return Object.hasOwn(entities, name) ? entities[name]! : whole
    const code = decimal ? Number(decimal) : Number.parseInt(hex, 16)
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
}
