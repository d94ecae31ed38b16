/** A node of an XML document; `undefined` children are left out. */
export interface Element {
  readonly name: string
  readonly attributes: Readonly<Record<string, string | number | undefined>>
  readonly children: readonly Exclude<Child, undefined>[]
}

type Child = Element | string | undefined

/** Makes an element; strings among the children are text. */
export function element(
  name: string,
  attributes: Element['attributes'] = {},
  ...children: readonly Child[]
): Element {
  // Leave out undefined children now: in the JSON in which documents go to a thread, they would become null.
  return { name, attributes, children: children.filter((child) => child !== undefined) }
}

/** Makes an element that contains only text; undefined without text. */
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
  const inner = node.children.map(write).join('')
  return inner === '' ? `<${node.name}${attributes}/>` : `<${node.name}${attributes}>${inner}</${node.name}>`
}

// Characters that XML 1.0 §2.2 cannot express: most control characters, U+FFFE and U+FFFF, lone surrogates.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to be taken out
const unsayable = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  // A reader would turn a bare carriage return into a line feed (XML 1.0 §2.11).
  '\r': '&#13;',
}

/** Replaces what XML cannot express with U+FFFD. */
export function sayable(text: string): string {
  return text.toWellFormed().replace(unsayable, '\uFFFD')
}

function escapeXml(value: string): string {
  return sayable(value).replace(/[&<>"'\r]/g, (char) => entities[char]!)
}
