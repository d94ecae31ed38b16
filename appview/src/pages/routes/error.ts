import { html } from '../html.ts'
import { type Page, searchForm } from '../parts/layout.ts'
import type { PageError } from '../server/page-error.ts'
import type { View } from '../view.ts'

/** The page for an error; without `error` it is for a fault of our own. */
export function errorPage(view: View, error: PageError | undefined): Page {
  const { title, text } = view.t.errors[error?.what ?? 'fault']
  return {
    title,
    searchForm: false,
    main: html`<div class="narrow">
<h1>${title}</h1>
<p>${text}</p>
${error?.detail && html`<p dir="auto">${error.detail}</p>`}
${searchForm(view, { id: 'main-q', label: view.t.search.label })}
<p><a href="${view.href('/')}">${view.t.errors.home}</a></p>
</div>`,
  }
}
