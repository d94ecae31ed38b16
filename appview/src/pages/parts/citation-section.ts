import { type Cited, citations } from '@holdfast/lexicons/vocabularies/citation'
import { type Html, html } from '../html.ts'
import type { View } from '../view.ts'

/** The section about how to cite the data; with script, each form of citation has a button that copies it. */
export function citationSection(view: View, cited: Cited): Html {
  const { t } = view
  const { record } = cited
  const asked = record.citation
    ? [{ format: t.citation.asAsked, text: record.citation, direction: 'auto' }]
    : []
  // These citations read from left to right, in whatever script the title is written.
  const made = citations(cited, t.citation.words).map((form) => ({ ...form, direction: 'ltr' }))
  const forms = [...asked, ...made]
  return html`<section aria-labelledby="cite"><h2 id="cite">${t.citation.title}</h2>
${forms.map(({ format, text, direction }, i) => {
  const id = `cite-${i}`
  const body = html`<div class="copyable"><pre id="${id}" class="wrap" tabindex="0" dir="${direction}">${text}</pre>${copyButton(view, id, format)}</div>`
  return i === 0
    ? html`<h3>${format}</h3>${body}`
    : html`<details class="fold"><summary>${format}</summary>${body}</details>`
})}
</section>`
}

/** A button that copies the text of an element; without script it is not shown. */
export function copyButton(view: View, target: string, what: string): Html {
  return html`<button type="button" class="quiet js-only" data-copy="${target}" data-copied="${view.t.citation.copied}" aria-label="${view.t.citation.copyWhat(what)}">${view.t.citation.copy}</button>`
}
