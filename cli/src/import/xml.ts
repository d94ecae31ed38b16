import { XMLParser, XMLValidator } from 'fast-xml-parser'

/** An element of an XML document, its names without namespace prefixes. */
export interface XmlElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly XmlElement[]
  /** The text in it and below it, without surrounding white space. */
  readonly text: string
}

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  removeNSPrefix: true,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  htmlEntities: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  maxNestedTags: 100,
})

/**
 * Reads an XML document and returns its root. Throws an Error if it is not well-formed, or has a DOCTYPE: there, entities
 * are defined that expand to gigabytes or name files of this computer, and no protocol that we read has one.
 */
export function readXml(text: string): XmlElement {
  if (hasDoctype(text)) throw new Error('it has a DOCTYPE, which is not accepted')
  const checked = XMLValidator.validate(text)
  if (checked !== true)
    throw new Error(`it is not well-formed XML: ${checked.err.msg} (line ${checked.err.line})`)
  const roots = (parser.parse(text) as Parsed[]).map(toElement).filter((element) => element !== undefined)
  if (roots.length !== 1) throw new Error('it is not one XML document')
  return roots[0]!
}

function hasDoctype(text: string): boolean {
  return [...text.matchAll(/<!DOCTYPE/gi)].some(
    ({ index }) => text.lastIndexOf('<![CDATA[', index) <= text.lastIndexOf(']]>', index),
  )
}

/** The child elements with a name. */
export function childrenOf(element: XmlElement | undefined, name: string): readonly XmlElement[] {
  return element?.children.filter((child) => child.name === name) ?? []
}

/** The first descendant on a path of names. */
export function descend(element: XmlElement | undefined, ...path: readonly string[]): XmlElement | undefined {
  return path.reduce((found, name) => childrenOf(found, name)[0], element)
}

/** The texts of the children with a name, without empty ones. */
export function textsOf(element: XmlElement | undefined, name: string): string[] {
  return childrenOf(element, name)
    .map(({ text }) => text)
    .filter((text) => text !== '')
}

interface Parsed {
  readonly [name: string]: unknown
}

function toElement(parsed: Parsed): XmlElement | undefined {
  const name = Object.keys(parsed).find((key) => key !== ':@')
  if (name === undefined || name === '#text') return undefined
  const content = parsed[name] as Parsed[]
  return {
    name,
    attributes: (parsed[':@'] ?? {}) as Record<string, string>,
    children: content.map(toElement).filter((child) => child !== undefined),
    get text() {
      return content.map(textIn).join('').trim()
    },
  }
}

function textIn(parsed: Parsed): string {
  if ('#text' in parsed) return String(parsed['#text'])
  const [, content] = Object.entries(parsed).find(([key]) => key !== ':@') ?? []
  return Array.isArray(content) ? (content as Parsed[]).map(textIn).join('') : ''
}
