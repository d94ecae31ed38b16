import { type Html, html } from '../html.ts'
import type { View } from '../view.ts'
import { riskName } from './badges.ts'

interface Field {
  name: string
  label: string
  hint?: string
  rows?: number
  isRequired?: boolean
}

/** The fields by which a dataset is described; the rest of a record stays as it was. */
export function datasetFields(view: View): Html {
  const { t } = view
  const { form } = t.publish
  const fields: Field[] = [
    { name: 'title', label: form.title, isRequired: true },
    { name: 'description', label: t.dataset.description, hint: form.markdown, rows: 6 },
    { name: 'publisher', label: t.fields.publisher },
    { name: 'creators', label: t.fields.creators, hint: form.onePerLine, rows: 3 },
    { name: 'homepage', label: t.fields.homepage },
    { name: 'doi', label: 'DOI' },
    { name: 'sources', label: t.dataset.sources, hint: form.sources, rows: 3 },
    { name: 'license', label: t.fields.license, hint: form.license },
    { name: 'keywords', label: t.fields.keywords, hint: form.keywords },
    { name: 'issued', label: t.fields.issued, hint: form.edtf },
    { name: 'version', label: form.version },
  ]
  const levels = ['watchlist', 'endangered', 'takedown-issued', 'extinct']
  return html`${fields.map(textField)}
<fieldset><legend>${t.dataset.risk}</legend>
<div class="field"><label for="f-riskLevel">${t.facets.risk}</label><select id="f-riskLevel" name="riskLevel" aria-describedby="riskLevel-problem"><option value="">–</option>${levels.map((level) => html`<option value="${level}">${riskName(view, level)}</option>`)}</select><p class="problem" id="riskLevel-problem"></p></div>
${textField({ name: 'riskReason', label: form.riskReason, rows: 2 })}
${textField({ name: 'expectedGone', label: form.expectedGone, hint: form.edtf })}
</fieldset>`
}

/** Where a `.torrent` is chosen or dropped; it is read in the browser before anything is sent. */
export function torrentField(view: View): Html {
  const { form } = view.t.publish
  return html`<div class="field"><label for="f-torrent">${form.torrent}</label><input id="f-torrent" name="torrent" type="file" accept=".torrent,application/x-bittorrent" aria-describedby="torrent-hint"><p class="hint" id="torrent-hint">${form.torrentHint}</p><div id="torrent-summary" aria-live="polite"></div></div>`
}

function textField({ name, label, hint, rows, isRequired }: Field): Html {
  const described = hint ? `${name}-hint ${name}-problem` : `${name}-problem`
  const shared = html`id="f-${name}" name="${name}" dir="auto" aria-describedby="${described}"${isRequired && html` required`}`
  const input = rows
    ? html`<textarea ${shared} rows="${rows}"></textarea>`
    : html`<input ${shared} autocomplete="off">`
  return html`<div class="field"><label for="f-${name}">${label}</label>${input}${hint && html`<p class="hint" id="${name}-hint">${hint}</p>`}<p class="problem" id="${name}-problem" aria-live="polite"></p></div>`
}
