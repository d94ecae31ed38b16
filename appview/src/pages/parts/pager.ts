import { type Html, html, nothing } from '../html.ts'
import type { View } from '../view.ts'

/** The way to the next page of a listing, and back to its start. Cursors lead only onwards. */
export function pager(view: View, cursor: string | undefined): Html {
  const here = new URL(view.here, 'http://x')
  const isFirst = !here.searchParams.has('cursor')
  if (cursor === undefined && isFirst) return nothing
  const to = (next: string | undefined) => {
    const url = new URL(here)
    if (next === undefined) url.searchParams.delete('cursor')
    else url.searchParams.set('cursor', next)
    return `${url.pathname}${url.search}`
  }
  return html`<nav class="pager" aria-label="${view.t.site.pages}">
${isFirst ? nothing : html`<a href="${to(undefined)}">${view.t.site.firstPage}</a>`}
${cursor === undefined ? nothing : html`<a rel="next" href="${to(cursor)}">${view.t.site.nextPage}</a>`}
</nav>`
}
