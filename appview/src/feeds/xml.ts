/** A node of an XML document; `undefined` children are left out. */
export interface Element {
  readonly name: string
  readonly attributes: Readonly<Record<string, string | number | undefined>>
  readonly children: readonly Child[]
}

type Child = Element | string | undefined

/** Makes an element; strings among the children are text. */
export function element(
  name: string,
  attributes: Element['attributes'] = {},
  ...children: readonly Child[]
): Element {
  return { name, attributes, children }
}

/** An element that holds nothing but text; undefined where there is none. */
export function text(name: string, value: string | number | undefined): Element | undefined {
  return value === undefined ? undefined : element(name, {}, String(value))
}

/** Writes a document as XML 1.0 in UTF-8. */
export function writeXml(root: Element): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${write(root)}\n`
}

function write(node: Exclude<Child, undefined>): string {
  if (typeof node === 'string') return escapeXml(node)
  const attributes = Object.entries(node.attributes)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}="${escapeXml(String(value))}"`)
    .join('')
  const inner = node.children
    .filter((child) => child !== undefined)
    .map(write)
    .join('')
  return inner === '' ? `<${node.name}${attributes}/>` : `<${node.name}${attributes}>${inner}</${node.name}>`
}

// What XML 1.0 §2.2 has no way to say: most control characters, U+FFFE and U+FFFF, lone surrogates.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to be taken out
const unsayable = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  // XML 1.0 §2.11: a reader would take it for the end of a line.
  '\r': '&#13;',
}

/** A text with U+FFFD for whatever XML cannot say. */
export function sayable(text: string): string {
  return text.toWellFormed().replace(unsayable, '\uFFFD')
}

function escapeXml(value: string): string {
  return sayable(value).replace(/[&<>"'\r]/g, (char) => entities[char]!)
}
