import type { defs } from '@holdfast/lexicons'
import type { DatasetPage } from '../../../catalog/views/pages/page-datasets.ts'
import { datasetPath, keywordPath, publisherPath } from '../../../http/page-paths.ts'
import { type Child, type Html, html, nothing } from '../../html.ts'
import { wordFor } from '../../i18n/word-for.ts'
import type { View } from '../../view.ts'
import { deadline, holders, needReasons, riskBadge, scarcityName, worstRisk } from '../badges.ts'
import { formatNames } from '../format-names.ts'
import { identifierLink, outsideLink } from '../links.ts'
import { agentList, agentText } from '../people.ts'
import { warningInWords } from '../reasons.ts'
import { type DatasetRecord, datasetRecord, foreignCollection } from '../record.ts'

/** What a reader must know first: the risk, the need for help, newer versions, and whom the data could harm. */
export function badgesAndAlerts(view: View, { dataset, torrents }: DatasetPage): Html {
  const { t } = view
  const record = datasetRecord(dataset)
  const risk = worstRisk(dataset)
  const webseeds = torrents.flatMap((torrent) => torrent.webseeds ?? [])
  const reasons = needReasons(view, dataset.swarm, webseeds)
  const collection = foreignCollection(dataset)
  const alerts = [
    collection && html`<p class="alert note">${t.dataset.foreign} <code>${collection}</code></p>`,
    dataset.supersededBy?.length &&
      html`<p class="alert note">${t.dataset.supersededBy} ${dataset.supersededBy.slice(0, 5).map((by, i) => html`${i > 0 && ', '}<a href="${view.href(datasetPath(by.uri))}"><bdi>${by.title}</bdi></a> (${by.author.did === dataset.author.did ? t.dataset.sameAuthor : html`<bdi>${by.author.handle ?? by.author.did}</bdi>`})`)}</p>`,
    record.sensitivity &&
      record.sensitivity.kind !== 'none' &&
      html`<p class="alert warn"><strong>${wordFor(t.sensitivity, record.sensitivity.kind)}</strong> <span dir="auto">${record.sensitivity.note}</span></p>`,
    reasons.length > 0 &&
      html`<p class="alert warn"><strong>${t.needs.badge}.</strong> ${t.needs.because} ${view.format.list(reasons)}. <a href="${view.href('/help#seed')}">${t.needs.howToHelp}</a></p>`,
    ...(dataset.warnings ?? [])
      .slice(0, 10)
      .map((warning) => html`<p class="alert note">${warningInWords(view, warning)}</p>`),
  ]
  return html`<p class="badges">${riskBadge(view, risk)} ${risk?.expectedGone && html`<span class="gone">${t.risk.expectedGone} ${deadline(view, risk.expectedGone)}</span>`} ${(dataset.counts?.torrents ?? 0) > 0 && holders(view, dataset.swarm)}${labels(dataset)}</p>
${alerts}`
}

function labels(dataset: defs.DatasetView): Html {
  return html`${(dataset.labels ?? []).slice(0, 10).map(({ val }) => html` <span class="badge note"><bdi>${val}</bdi></span>`)}`
}

const foldAfter = 1_800

/** The description; the rest of a long one is folded. */
export function descriptionSection(view: View, dataset: defs.DatasetView): Html {
  const { t } = view
  const record = datasetRecord(dataset)
  if (!record.description && !record.descriptionBlob) return nothing
  const summary = record.descriptionBlob ? t.dataset.showMore : t.dataset.showAll
  const whole =
    record.descriptionBlob &&
    html`<p class="empty">${t.dataset.beginning} <a href="${view.href(`/description?${new URLSearchParams({ uri: dataset.uri })}`)}">${t.dataset.wholeDescription(view.format.size(blobSize(record.descriptionBlob)))}</a></p>`
  return html`<section aria-labelledby="description"><h2 id="description">${t.dataset.description}</h2>
${view.prose(record.description ?? '', { after: foldAfter, summary })}
${whole}</section>`
}

/** The size of a blob; blobs in the old form have none. */
function blobSize(blob: NonNullable<DatasetRecord['descriptionBlob']>): number {
  return 'size' in blob && typeof blob.size === 'number' ? blob.size : 0
}

/** The other fields of the record, as a list of terms. */
export function metadataSection(view: View, record: DatasetRecord): Html {
  const { t, format } = view
  const rows: [string, Child][] = [
    [t.fields.creators, record.creators?.length ? agentList(view, record.creators) : nothing],
    [t.fields.contributors, record.contributors?.length ? contributors(view, record.contributors) : nothing],
    [
      t.fields.publisher,
      record.publisher
        ? html`${agentText(record.publisher)}${record.publisher.name && html` <small><a href="${view.href(publisherPath(record.publisher.name))}">${t.dataset.moreFromPublisher}</a></small>`}`
        : nothing,
    ],
    [t.fields.license, license(record.license)],
    [
      t.fields.accessRights,
      record.accessRights ? html`<span class="pre" dir="auto">${record.accessRights}</span>` : nothing,
    ],
    [t.fields.identifiers, list((record.identifiers ?? []).slice(0, 50).map(identifierLink))],
    [t.fields.homepage, record.homepage ? outsideLink(record.homepage) : nothing],
    [t.fields.keywords, keywords(view, record.keywords)],
    [
      t.fields.subjects,
      list(
        (record.subjects ?? [])
          .slice(0, 100)
          .map(({ uri, label }) => (uri ? outsideLink(uri, label) : html`<bdi>${label}</bdi>`)),
      ),
    ],
    [
      t.fields.languages,
      (record.languages ?? [])
        .slice(0, 50)
        .map(({ tag }) => format.languageName(tag))
        .join(', '),
    ],
    [
      t.fields.temporal,
      record.temporal
        ? html`<bdi>${[record.temporal.start, record.temporal.end].flatMap((end) => (end ? [format.edtf(end)] : [])).join(' – ')}</bdi>`
        : nothing,
    ],
    [t.fields.issued, record.issued ? format.edtf(record.issued) : ''],
    [t.fields.modified, record.modified ? format.edtf(record.modified) : ''],
    [t.fields.updateFrequency, record.updateFrequency ?? ''],
    [t.fields.spatial, spatial(view, record.spatial)],
    [t.fields.formats, formatNames(record).join(', ')],
    [
      t.fields.size,
      record.sizeBytes ? `${format.size(record.sizeBytes)} (${format.number(record.sizeBytes)} B)` : '',
    ],
    [
      t.fields.scarcity,
      record.scarcity && record.scarcity !== 'unknown' ? scarcityName(view, record.scarcity) : '',
    ],
    [t.fields.funding, list((record.funding ?? []).slice(0, 50).map(funding))],
    [t.fields.contacts, record.contacts?.length ? agentList(view, record.contacts) : nothing],
    [
      t.fields.related,
      list(
        (record.relatedIdentifiers ?? [])
          .slice(0, 100)
          .map(
            ({ relation, title, ...identifier }) =>
              html`${wordFor(t.relations, relation)} ${title && html`<bdi>${title}</bdi>, `}${identifierLink(identifier)}`,
          ),
      ),
    ],
  ]
  const filled = rows.filter(([, value]) => value !== '' && value !== nothing)
  if (filled.length === 0) return nothing
  return html`<section aria-labelledby="about-data"><h2 id="about-data">${t.dataset.metadata}</h2>
<dl class="fields">${filled.map(([name, value]) => html`<div><dt>${name}</dt><dd>${typeof value === 'string' ? html`<span dir="auto">${value}</span>` : value}</dd></div>`)}</dl></section>`
}

function contributors(view: View, all: readonly defs.Contributor[]): Html {
  const shown = all
    .slice(0, 30)
    .map(
      ({ agent, role }) =>
        html`${agentText(agent)}${role && html` <span class="handle">${wordFor(view.t.roles, role)}</span>`}`,
    )
  return list(all.length > 30 ? [...shown, html`${view.t.site.andMore(all.length - 30)}`] : shown)
}

function license(license: defs.License | undefined): Html {
  if (!license) return nothing
  const name = license.spdx ?? (license.url && !license.text ? license.url : undefined)
  const linked = name && (license.url ? outsideLink(license.url, name) : html`<bdi>${name}</bdi>`)
  const text =
    license.text &&
    (license.text.length > 300
      ? html`<details class="fold"><summary dir="auto">${`${license.text.slice(0, 120)}…`}</summary><span class="pre" dir="auto">${license.text}</span></details>`
      : html`<span class="pre" dir="auto">${license.text}</span>`)
  return html`${linked}${linked && text && html`<br>`}${text}${!linked && license.url && html` ${outsideLink(license.url)}`}`
}

function keywords(view: View, all: DatasetRecord['keywords']): Html {
  if (!all?.length) return nothing
  const link = ({ name }: { name: string }) =>
    html`<li><a href="${view.href(keywordPath(name))}"><bdi>${name}</bdi></a></li>`
  const rest = all.slice(40, 500)
  return html`<ul class="tags">${all.slice(0, 40).map(link)}</ul>${rest.length > 0 && html`<details class="inline"><summary>${view.t.site.andMore(all.length - 40)}</summary><ul class="tags">${rest.map(link)}</ul></details>`}`
}

function spatial({ format }: View, spatial: defs.Spatial | undefined): Html {
  if (!spatial) return nothing
  const { name, box } = spatial
  return html`${name && html`<bdi>${name}</bdi>`}${box && html` <small><bdi>${format.box(box)}</bdi></small>`}`
}

function funding({ funder, awardNumber, awardTitle, url }: defs.Funding): Html {
  const award = [awardTitle, awardNumber].filter(Boolean).join(' ')
  return html`${funder && agentText(funder)}${award && html` <bdi>${award}</bdi>`}${url && html` ${outsideLink(url)}`}`
}

function list(items: readonly Html[]): Html {
  if (items.length === 0) return nothing
  return items.length === 1 ? items[0]! : html`<ul>${items.map((item) => html`<li>${item}</li>`)}</ul>`
}
