import { type Html, html } from '../../html.ts'
import type { View } from '../../view.ts'
import type { DatasetRecord } from '../record.ts'
import { citations } from './citation.ts'

/** How to cite the data, each form with a button that copies it where there is a little script. */
export function citationSection(view: View, record: DatasetRecord, url: string): Html {
  const { t } = view
  const asked = record.citation
    ? [{ format: t.citation.asAsked, text: record.citation, direction: 'auto' }]
    : []
  // What is made here has a Latin frame, whatever the title is written in.
  const made = citations(record, url).map((form) => ({ ...form, direction: 'ltr' }))
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

/** Copies the text of an element; without script it is not shown, and the text can be selected. */
export function copyButton(view: View, target: string, what: string): Html {
  return html`<button type="button" class="quiet js-only" data-copy="${target}" data-copied="${view.t.citation.copied}" aria-label="${view.t.citation.copyWhat(what)}">${view.t.citation.copy}</button>`
}
