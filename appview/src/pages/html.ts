/**
 * HTML by tagged templates. Every value is escaped, in text and in quoted attributes alike; only what another
 * `html` made goes in as it is. Attributes must be quoted.
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

/** What may stand in a template; `false`, `null` and `undefined` are nothing. */
export type Child = Html | string | number | false | null | undefined | readonly Child[]

/** A piece of HTML. */
export function html(strings: TemplateStringsArray, ...children: readonly Child[]): Html {
  let text = strings[0]!
  for (let i = 0; i < children.length; i++) text += render(children[i]) + strings[i + 1]!
  return new Html(text)
}

/** Text that is HTML already. Never of something that a stranger wrote. */
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
  // HTML has no NUL at all, not even escaped.
  '\0': '\uFFFD',
}

/** Text as HTML shows it; lone surrogates, which UTF-8 cannot hold, become U+FFFD. */
export function escapeText(text: string): string {
  const wellFormed = text.isWellFormed() ? text : text.toWellFormed()
  return special.test(wellFormed)
    ? wellFormed.replace(/[&<>"'\0]/g, (sign) => replacements[sign]!)
    : wellFormed
}

/** JSON to stand inside a `<script type="application/…json">`: nothing in it can end the element. */
export function jsonInHtml(value: unknown): Html {
  const text = JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return new Html(text)
}
