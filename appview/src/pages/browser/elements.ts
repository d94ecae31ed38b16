/** Makes an element; strings among the children are inserted as text, never as HTML. */
export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  options: { text?: string; class?: string; href?: string } = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name)
  if (options.text !== undefined) made.textContent = options.text
  if (options.class) made.className = options.class
  if (options.href !== undefined) made.setAttribute('href', options.href)
  made.append(...children)
  return made
}

export function byId<T extends HTMLElement = HTMLElement>(id: string): T | undefined {
  return (document.getElementById(id) as T | null) ?? undefined
}

/** A path of this site, in the language that the reader chose by hand. */
export function pathHere(path: string, query: Readonly<Record<string, string>>): string {
  const lang = new URLSearchParams(location.search).get('lang')
  return `${path}?${new URLSearchParams({ ...query, ...(lang && { lang }) })}`
}

/** Shows a message for people and for screen readers. */
export function tell(message: string, tone: 'good' | 'bad' | 'note' = 'note', ...more: Node[]): void {
  const place = byId('message')
  if (!place) return
  place.className = `alert ${tone}`
  place.hidden = false
  place.replaceChildren(message, ' ', ...more)
  place.scrollIntoView({ block: 'nearest' })
}
