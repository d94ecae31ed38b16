const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
}

/** The targets of all links of a page, as they are written there. */
export function* linksOf(html: string): Generator<string> {
  const text = html.replace(/<!--[\s\S]*?-->/g, '')
  for (const [, double, single, bare] of text.matchAll(
    /<a\s(?:[^>]*?\s)?href\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/gi,
  ))
    yield decodeEntities(double ?? single ?? bare ?? '').trim()
}

/** Replaces the entities of HTML and XML that addresses are written with. */
export function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,6}));/gi, (whole, decimal, hex, name) => {
    if (name) return Object.hasOwn(entities, name) ? entities[name]! : whole
    const code = decimal ? Number(decimal) : Number.parseInt(hex, 16)
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
}
