/** The forms of a profile, an assessment and a torrent's record; `browser/form.ts` makes them work. */

import { readDatasetViews } from '../../catalog/views/datasets/dataset-views.ts'
import { datasetPath } from '../../http/page-paths.ts'
import { queryOf } from '../../http/request-target.ts'
import { type Db, storable } from '../../store/sql.ts'
import { type Html, html, nothing } from '../html.ts'
import { type Field, formField, riskFields } from '../parts/dataset/dataset-form.ts'
import { shortTitle } from '../parts/dataset-card.ts'
import { datasetRecord } from '../parts/record.ts'
import type { MakePage } from '../serve-page.ts'
import type { View } from '../view.ts'
import { type AccountParts, accountPage, signInParts } from './account-pages.ts'

/** The page with the form of one's profile. */
export function profilePage(parts: AccountParts): MakePage {
  return (view) => {
    const { t } = view
    const { form } = t.publish
    const fields: Field[] = [
      { name: 'displayName', label: form.displayName },
      { name: 'kind', label: form.kind, options: Object.entries(t.profileKinds) },
      { name: 'description', label: form.about, hint: form.markdown, rows: 4 },
      { name: 'url', label: form.page },
      { name: 'contact', label: form.contact },
    ]
    const texts = { title: t.publish.profile, text: t.publish.profileText }
    return formPage(view, parts, {
      ...texts,
      id: 'profile-form',
      fields: [...fields.map(formField), pictureField(view)],
    })
  }
}

/** The field for a new picture, or for removing it. */
function pictureField({ t }: View): Html {
  const { form } = t.publish
  return html`<div class="field"><label for="f-picture">${form.picture}</label><input id="f-picture" name="picture" type="file" accept="image/png,image/jpeg,image/webp" aria-describedby="picture-hint picture-problem"><p class="hint" id="picture-hint">${form.pictureHint}</p><p class="problem" id="picture-problem" aria-live="polite"></p></div>
<p data-for="avatar" hidden><label class="choice"><input type="checkbox" name="removePicture"> ${form.removePicture}</label></p>`
}

/** The page for assessing how endangered any dataset is; `?subject=` and `?cid=` name it and its version. */
export function assessmentPage(parts: AccountParts, db: Db): MakePage {
  return async (view, req) => {
    const { t } = view
    const { form } = t.publish
    const asked = queryOf(req)
    const subject = asked.get('subject') ?? ''
    const scarcities = Object.entries(t.scarcity).filter(([value]) => value !== 'unknown')
    const fields: Field[] = [
      ...riskFields(view),
      { name: 'scarcity', label: t.facets.scarcity, options: scarcities },
      { name: 'evidence', label: form.evidence, hint: form.evidenceHint, rows: 2 },
      { name: 'note', label: form.inWords, hint: form.markdown, rows: 4 },
    ]
    const about = html`<div class="field"><label for="f-subject">${form.subject}</label><input id="f-subject" name="subject" value="${subject}" required spellcheck="false" autocapitalize="none" autocomplete="off" placeholder="at://…" aria-describedby="subject-problem"><p class="problem" id="subject-problem" aria-live="polite"></p></div>
<input type="hidden" name="subjectCid" value="${asked.get('cid') ?? ''}">`
    const texts = { title: t.publish.assess, text: t.publish.assessText }
    return formPage(view, parts, {
      ...texts,
      about: await datasetLink(view, db, subject),
      id: 'assessment-form',
      fields: [about, ...fields.map(formField)],
    })
  }
}

/** The page for changing a torrent record, which `?uri=` names. */
export function torrentRecordPage(parts: AccountParts): MakePage {
  return (view, req) => {
    const { t } = view
    const texts = { title: t.publish.editTorrent, text: t.publish.editTorrentText }
    if (!queryOf(req).has('uri')) return chooseRecord(view, parts, texts)
    const { form } = t.publish
    const fields: Field[] = [
      { name: 'name', label: t.torrent.fileName, required: form.required },
      { name: 'datasets', label: t.torrent.holdsDatasets, hint: form.datasets, rows: 3 },
      { name: 'captured', label: form.captured, hint: form.edtf },
      { name: 'tool', label: form.tool },
      { name: 'method', label: form.method, hint: form.markdown, rows: 4 },
      { name: 'trackers', label: t.torrent.trackers, hint: form.addresses, rows: 2 },
      { name: 'webseeds', label: t.torrent.webseedsTitle, hint: form.addresses, rows: 2 },
    ]
    return formPage(view, parts, { ...texts, id: 'torrent-form', fields: fields.map(formField) })
  }
}

async function datasetLink(view: View, db: Db, uri: string): Promise<Html> {
  const isUri = /^at:\/\/did:[^/\s]+\/[^/\s]+\/[^/\s]+$/.test(uri)
  const [dataset] = isUri ? await readDatasetViews(db, [storable(uri)], { detail: 'card' }) : []
  if (!dataset) return nothing
  return html`<p class="lead" dir="auto"><a href="${view.href(datasetPath(uri))}">${shortTitle(datasetRecord(dataset).title)}</a></p>`
}

function chooseRecord(view: View, parts: AccountParts, { title, text }: { title: string; text: string }) {
  const { t } = view
  return accountPage(view, parts, {
    title,
    main: html`<h1>${title}</h1><p>${text}</p>
${signInParts(view)}
<p class="alert note">${t.publish.chooseTorrent} <a href="${view.href('/my')}">${t.publish.myRecords}</a>.</p>`,
  })
}

function formPage(
  view: View,
  parts: AccountParts,
  {
    title,
    text,
    about,
    id,
    fields,
  }: { title: string; text: string; about?: Html; id: string; fields: readonly Html[] },
) {
  return accountPage(view, parts, {
    title,
    main: html`<h1>${title}</h1>${about}<p>${text}</p>
${signInParts(view)}
<form id="${id}" class="form" hidden>${fields}<button type="submit">${view.t.publish.publish}</button></form>`,
  })
}
