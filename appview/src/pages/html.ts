/**
 * HTML by tagged templates. Every value is escaped, in text and in quoted attributes alike, except for results of `html`
 * itself. Attributes must be quoted.
 */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  toString(): string {
    return this.text
  }
}

/** A value in a template; `false`, `null` and `undefined` give nothing. */
export type Child = Html | string | number | false | null | undefined | readonly Child[]

/** Makes a piece of HTML from a template. */
export function html(strings: TemplateStringsArray, ...children: readonly Child[]): Html {
  let text = strings[0]!
  for (let i = 0; i < children.length; i++) text += render(children[i]) + strings[i + 1]!
  return new Html(text)
}

/** Marks a text as HTML. Never use it for text from a stranger. */
export function trusted(text: string): Html {
  return new Html(text)
}

export const nothing: Html = new Html('')

function render(child: Child): string {
  if (child instanceof Html) return child.text
  if (typeof child === 'string') return escapeText(child)
  if (typeof child === 'number') return String(child)
  if (Array.isArray(child)) return child.map(render).join('')
  return ''
}

const special = /[&<>"'\0]/
const replacements: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  // HTML cannot contain NUL, not even escaped.
  '\0': '\uFFFD',
}

/** Escapes text for HTML; lone surrogates, which UTF-8 cannot encode, become U+FFFD. */
export function escapeText(text: string): string {
  const wellFormed = text.isWellFormed() ? text : text.toWellFormed()
  return special.test(wellFormed)
    ? wellFormed.replace(/[&<>"'\0]/g, (sign) => replacements[sign]!)
    : wellFormed
}

/** Writes JSON for a `<script type="application/…json">`, escaped so that nothing in it can end the element. */
export function jsonInHtml(value: unknown): Html {
  const text = JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return new Html(text)
}
