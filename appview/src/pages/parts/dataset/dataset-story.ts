import type { assessment, defs } from '@holdfast/lexicons'
import { methods } from '@holdfast/lexicons/nsid'
import type { DatasetPage, DatasetVersion } from '../../../catalog/views/pages/page-datasets.ts'
import { accountPath, datasetPath, recordPath } from '../../../http/page-paths.ts'
import { type Html, html, nothing } from '../../html.ts'
import { wordFor } from '../../i18n/word-for.ts'
import type { View } from '../../view.ts'
import { deadline, riskBadge, scarcityName, statusBadge } from '../badges.ts'
import { copyButton } from '../citation-section.ts'
import { outsideLink } from '../links.ts'
import { authorLink } from '../people.ts'
import { datasetRecord } from '../record.ts'

/** The section about sources: where the data is or was, what the author says about each, and what this index found. */
export function sourceSection(view: View, dataset: defs.DatasetView): Html {
  const { t } = view
  const sources = datasetRecord(dataset).sources ?? []
  if (sources.length === 0) return nothing
  const found = new Map((dataset.sourceStatus ?? []).map((status) => [status.url as string, status]))
  const item = (source: defs.Source) => sourceItem(view, source, found.get(source.url))
  const rest = sources.slice(12, 200)
  return html`<section aria-labelledby="sources"><h2 id="sources">${t.dataset.sources}</h2>
<ul class="sources">${sources.slice(0, 12).map(item)}</ul>
${rest.length > 0 && html`<details class="fold"><summary>${t.site.andMore(sources.length - 12)}</summary><ul class="sources">${rest.map(item)}</ul></details>`}
</section>`
}

function sourceItem(view: View, source: defs.Source, found: defs.SourceStatus | undefined): Html {
  const { t, format } = view
  const facts = [
    source.kind && wordFor(t.sourceKinds, source.kind),
    source.access && wordFor(t.access, source.access),
    source.mediaType,
    source.sizeBytes !== undefined && format.size(source.sizeBytes),
    source.region,
    source.lastSeenAt && t.dataset.authorSaw(format.date(source.lastSeenAt)),
  ].filter((fact) => typeof fact === 'string' && fact !== '')
  const answer = found?.httpStatus ? `HTTP ${found.httpStatus}` : ''
  const seen = found?.checkedAt
    ? [
        t.dataset.checked(format.fromNow(found.checkedAt)),
        answer,
        found.message === answer ? '' : found.message,
      ]
    : []
  const told = [...seen, ...facts].filter(Boolean).map((fact) => html`<li><bdi>${fact}</bdi></li>`)
  const copies = (source.archivedUrls ?? []).slice(0, 10)
  return html`<li>${source.title && html`<strong dir="auto">${source.title}</strong> `}${outsideLink(source.url)}
<ul class="facts">${found && html`<li>${statusBadge(view, found.status)}</li>`}${told}</ul>
${source.description && html`<p class="pre" dir="auto">${source.description.slice(0, 1_000)}</p>`}${source.accessNote && html`<p class="pre" dir="auto">${source.accessNote.slice(0, 1_000)}</p>`}
${copies.length > 0 && html`<p><small>${t.dataset.archived} ${copies.map(({ url, at }, i) => html`${i > 0 && ', '}${outsideLink(url, at ? format.date(at) : url)}`)}</small></p>`}</li>`
}

/** The section about risk: everybody's assessment, the author's first. */
export function assessmentSection(view: View, dataset: defs.DatasetView): Html {
  const { t } = view
  const record = datasetRecord(dataset)
  const assessments = dataset.assessments ?? []
  const assess = `/publish/assessment?${new URLSearchParams({ subject: dataset.uri, cid: dataset.cid })}`
  const isSilent = !record.risk && assessments.length === 0
  return html`<section aria-labelledby="risk"><h2 id="risk">${t.dataset.risk}</h2>
${record.risk && html`<div class="claim"><p class="badges">${riskBadge(view, record.risk)}</p><p class="by"><span>${authorLink(view, dataset.author)}</span> ${t.dataset.theAuthor}</p>${riskDetail(view, record.risk)}</div>`}
${assessments.slice(0, 50).map((one) => assessmentItem(view, one))}
<p>${isSilent && html`<span class="empty">${t.dataset.nobodySays}</span> `}<a href="${view.href(assess)}">${t.publish.assess}</a></p>
</section>`
}

function assessmentItem(view: View, { author, record, indexedAt }: defs.AssessmentView): Html {
  const { risk, scarcity, evidence, note, assessedAt } = record as assessment.Main
  const when = assessedAt ?? indexedAt
  return html`<div class="claim"><p class="badges">${riskBadge(view, risk)} ${scarcity && html`<span class="badge note">${scarcityName(view, scarcity)}</span>`}</p><p class="by"><span>${authorLink(view, author)}</span> <time datetime="${when}">${view.format.date(when)}</time></p>
${risk && riskDetail(view, risk)}${note && view.prose(note.slice(0, 4_000))}${evidenceList(view, evidence)}</div>`
}

function riskDetail(view: View, risk: defs.Risk): Html {
  return html`${risk.expectedGone && html`<p>${view.t.risk.expectedGone} ${deadline(view, risk.expectedGone)}</p>`}
${risk.reason && view.prose(risk.reason.slice(0, 4_000))}${evidenceList(view, risk.evidence)}`
}

function evidenceList(view: View, evidence: readonly defs.Evidence[] | undefined): Html {
  if (!evidence?.length) return nothing
  return html`<p>${view.t.dataset.evidence}</p><ul>${evidence.slice(0, 20).map(({ url, title, archivedUrl }) => html`<li>${outsideLink(url, title ?? url)}${archivedUrl && html` (${outsideLink(archivedUrl, view.t.dataset.archivedCopy)})`}</li>`)}</ul>`
}

/** The section about related records: versions, what the data was made from, and who else describes it. */
export function provenanceSection(view: View, { dataset, versions, titles }: DatasetPage): Html {
  const { t } = view
  const record = datasetRecord(dataset)
  const changed = new Set((dataset.changedSince ?? []).map(({ uri }) => uri as string))
  const ref = (name: string, one: defs.RecordRef | undefined) =>
    one
      ? [
          html`<div><dt>${name}</dt><dd>${refLink(view, { uri: one.uri, title: titles.get(one.uri), isChanged: changed.has(one.uri) })}</dd></div>`,
        ]
      : []
  const refs = [
    ...ref(t.fields.versionOf, record.versionOf),
    ...ref(t.fields.supersedes, record.supersedes),
    ...ref(t.fields.adoptedFrom, record.adoptedFrom),
    ...(record.derivedFrom ?? []).slice(0, 20).flatMap((one) => ref(t.fields.derivedFrom, one)),
  ]
  const describers = dataset.group?.describers ?? []
  if (refs.length === 0 && describers.length === 0 && versions.length === 0) return nothing
  return html`<section aria-labelledby="provenance"><h2 id="provenance">${t.dataset.provenance}</h2>
${refs.length > 0 && html`<dl class="fields">${refs}</dl>`}
${versions.length > 0 && html`<h3>${t.dataset.versions}</h3><ul>${versions.map((version) => versionItem(view, version))}</ul>`}
${describers.length > 0 && html`<h3>${t.dataset.describers}</h3><p>${t.dataset.describersNote}</p><ul>${describers.slice(0, 30).map(({ uri, title, author, matchedBy }) => html`<li><a href="${view.href(datasetPath(uri))}"><bdi>${title.slice(0, 300)}</bdi></a> ${authorLink(view, author)}${matchedBy && html` <small class="whole">${wordFor(t.matchedBy, matchedBy)}</small>`}</li>`)}</ul>`}
</section>`
}

function versionItem(view: View, { uri, title, version, issued }: DatasetVersion): Html {
  const about = [version, issued && view.format.edtf(issued)].filter(Boolean).join(' · ')
  return html`<li><a href="${view.href(datasetPath(uri))}"><bdi>${title.slice(0, 300)}</bdi></a>${about && html` <small><bdi>${about}</bdi></small>`}</li>`
}

function refLink(
  view: View,
  { uri, title, isChanged }: { uri: string; title: string | undefined; isChanged: boolean },
): Html {
  return html`<a class="break" href="${view.href(recordPath(uri))}"><bdi>${title?.slice(0, 300) ?? uri}</bdi></a>${isChanged && html` <span class="badge note">${view.t.dataset.changedSince}</span>`}`
}

const linkedData = [
  ['jsonld', 'JSON-LD'],
  ['ttl', 'Turtle'],
  ['rdf', 'RDF/XML'],
] as const

/** The section with the record itself, for readers who want to check it or build on it. */
export function recordSection(view: View, dataset: defs.DatasetView): Html {
  const { t, format } = view
  const json = `/xrpc/${methods.getDataset}?${new URLSearchParams({ uri: dataset.uri })}`
  const badge = `${view.publicUrl}/badge${datasetPath(dataset.uri)}.svg`
  return html`<section aria-labelledby="record"><h2 id="record">${t.dataset.record}</h2>
<dl class="fields">
<div><dt>AT-URI</dt><dd><code class="break">${dataset.uri}</code></dd></div>
<div><dt>CID</dt><dd><code class="break">${dataset.cid}</code></dd></div>
<div><dt>${t.dataset.indexed}</dt><dd><time datetime="${dataset.indexedAt}">${format.time(dataset.indexedAt)}</time></dd></div>
<div><dt>${t.dataset.otherForms}</dt><dd><a href="${json}">JSON</a> · ${linkedData.map(([format, name]) => html`<a href="${`${datasetPath(dataset.uri)}?format=${format}`}">${name}</a> · `)}<a href="${view.href(accountPath(dataset.author))}">${t.dataset.allByAuthor}</a> · <a href="${view.href(`/record?${new URLSearchParams({ uri: dataset.uri })}`)}">${t.dataset.status}</a></dd></div>
<div><dt>${t.dataset.badge}</dt><dd><img src="${view.href(`/badge${datasetPath(dataset.uri)}.svg`)}" alt="${t.dataset.badgeAlt}" height="20" loading="lazy"><details class="fold"><summary>${t.dataset.badgeCode}</summary><div class="copyable"><pre id="badge-code" class="wrap" tabindex="0">${`<a href="${view.publicUrl}${datasetPath(dataset.uri)}"><img src="${badge}" alt="Holdfast"></a>`}</pre>${copyButton(view, 'badge-code', t.dataset.badge)}</div></details></dd></div>
</dl></section>`
}
