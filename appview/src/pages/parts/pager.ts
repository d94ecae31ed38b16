import { linkTo } from '../../http/request-target.ts'
import { type Html, html, nothing } from '../html.ts'
import type { View } from '../view.ts'

/** Links to the next page of a listing and to its first page; cursors do not lead back. */
export function pager(view: View, cursor: string | undefined): Html {
  const [path = '', query] = view.here.split('?')
  const here = new URLSearchParams(query)
  const isFirst = !here.has('cursor')
  if (cursor === undefined && isFirst) return nothing
  const to = (next: string | undefined) => {
    const asked = new URLSearchParams(here)
    if (next === undefined) asked.delete('cursor')
    else asked.set('cursor', next)
    return linkTo(path, asked)
  }
  return html`<nav class="pager" aria-label="${view.t.site.pages}">
${isFirst ? nothing : html`<a href="${to(undefined)}">${view.t.site.firstPage}</a>`}
${cursor === undefined ? nothing : html`<a rel="next" href="${to(cursor)}">${view.t.site.nextPage}</a>`}
</nav>`
}
