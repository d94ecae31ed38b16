import { type Html, html } from '../../html.ts'
import type { View } from '../../view.ts'
import { riskName } from '../badges.ts'

export interface Field {
  name: string
  label: string
  hint?: string
  rows?: number
  /** The text beside the label of a required field. */
  required?: string
  /** The options, with their names. */
  options?: readonly (readonly [value: string, name: string])[]
}

/** The fields of the form for a dataset; other fields of the record are kept. */
export function datasetFields(view: View): Html {
  const { t } = view
  const { form } = t.publish
  const fields: Field[] = [
    { name: 'title', label: form.title, required: form.required },
    { name: 'description', label: t.dataset.description, hint: form.markdown, rows: 6 },
    { name: 'publisher', label: t.fields.publisher },
    { name: 'creators', label: t.fields.creators, hint: form.onePerLine, rows: 3 },
    { name: 'homepage', label: t.fields.homepage },
    { name: 'doi', label: 'DOI', hint: form.doi },
    { name: 'sources', label: t.dataset.sources, hint: form.sources, rows: 3 },
    { name: 'license', label: t.fields.license, hint: form.license },
    { name: 'keywords', label: t.fields.keywords, hint: form.onePerLine, rows: 3 },
    { name: 'issued', label: form.issued, hint: form.edtf },
    { name: 'version', label: form.version },
  ]
  return html`${fields.map(formField)}
<fieldset><legend>${t.dataset.risk}</legend>
${riskFields(view).map(formField)}
</fieldset>`
}

const levels = ['watchlist', 'endangered', 'takedown-issued', 'extinct']

/** The three fields about how endangered a dataset is. */
export function riskFields(view: View): Field[] {
  const { t } = view
  const { form } = t.publish
  return [
    {
      name: 'riskLevel',
      label: t.facets.risk,
      options: levels.map((level) => [level, riskName(view, level)]),
    },
    { name: 'riskReason', label: form.riskReason, rows: 2 },
    { name: 'expectedGone', label: form.expectedGone, hint: form.edtf },
  ]
}

/** The field for choosing or dropping a `.torrent`, which is read in the browser before anything is sent. */
export function torrentField(view: View): Html {
  const { form } = view.t.publish
  return html`<div class="field"><label for="f-torrent">${form.torrent}</label><input id="f-torrent" name="torrent" type="file" accept=".torrent,application/x-bittorrent" aria-describedby="torrent-hint"><p class="hint" id="torrent-hint">${form.torrentHint}</p><div id="torrent-summary" aria-live="polite"></div></div>`
}

/** A field with its label, its hint, and a place where the script shows errors. */
export function formField({ name, label, hint, rows, required, options }: Field): Html {
  const described = hint ? `${name}-hint ${name}-problem` : `${name}-problem`
  const shared = html`id="f-${name}" name="${name}" dir="auto" aria-describedby="${described}"${required !== undefined && html` required`}`
  const input = options
    ? html`<select ${shared}><option value="">–</option>${options.map(([value, text]) => html`<option value="${value}">${text}</option>`)}</select>`
    : rows
      ? html`<textarea ${shared} rows="${rows}"></textarea>`
      : html`<input ${shared} autocomplete="off">`
  return html`<div class="field"><label for="f-${name}">${label}${required && html` <small>${required}</small>`}</label>${input}${hint && html`<p class="hint" id="${name}-hint">${hint}</p>`}<p class="problem" id="${name}-problem" aria-live="polite"></p></div>`
}
