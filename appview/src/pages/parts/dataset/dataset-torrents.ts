import type { defs } from '@holdfast/lexicons'
import type { DatasetPage } from '../../../catalog/views/pages/page-datasets.ts'
import { torrentPath } from '../../../http/page-paths.ts'
import { type Html, html } from '../../html.ts'
import type { View } from '../../view.ts'
import { needReasons, needsBadge } from '../badges.ts'
import { shortTitle } from '../dataset-card.ts'
import { formatNames } from '../format-names.ts'
import { authorLink } from '../people.ts'
import { datasetRecord, type TorrentRecord } from '../record.ts'
import { getButtons, torrentFacts, torrentState, webCopies } from '../torrent/torrent-card.ts'

/** The section about getting the data: its torrents by version and format, superseded ones last. */
export function torrentSection(view: View, { dataset, torrents }: DatasetPage): Html {
  const { t } = view
  const heading = html`<h2 id="torrents">${t.dataset.torrents}</h2>`
  if (torrents.length === 0)
    return html`<section class="get" aria-labelledby="torrents">${heading}${nobodyYet(view, dataset)}</section>`
  const groups = groupTorrents(view, torrents)
  const isOnlyCurrent = groups.filter(({ isOld }) => !isOld).length === 1
  const unnamed = isOnlyCurrent ? t.dataset.currentTorrents : t.dataset.undatedTorrents
  // With a single torrent, its needs are shown above for the dataset.
  const needs = torrents.length > 1
  return html`<section class="get" aria-labelledby="torrents">${heading}
<p class="empty">${torrents.some((torrent) => webCopies(torrent).length > 0) ? html`${t.torrent.webCopies} ${t.torrent.clientElse}` : t.torrent.needClient} <a href="${view.href('/help#download')}">${t.torrent.howToDownload}</a></p>
${groups.map(({ name, isOld, torrents }) => {
  const inner = html`${torrents.map((torrent) => torrentRow(view, torrent, { needs }))}`
  if (isOld)
    return html`<details class="fold"><summary>${name} (${view.format.number(torrents.length)})</summary>${inner}</details>`
  return html`${groups.length > 1 && html`<h3 dir="auto">${name || unnamed}</h3>`}${inner}`
})}
</section>`
}

interface TorrentGroup {
  name: string
  isOld: boolean
  torrents: defs.TorrentView[]
}

/** Groups torrents by version, that is, by when the files were gathered; within a version the one with most seeders comes first. */
export function groupTorrents(view: View, torrents: readonly defs.TorrentView[]): TorrentGroup[] {
  const replaced = new Set(torrents.flatMap(replacedBy))
  const groups = new Map<string, TorrentGroup>()
  for (const torrent of torrents) {
    const isOld = replaced.has(torrent.uri)
    const name = isOld ? view.t.dataset.olderTorrents : versionName(view, torrent.record as TorrentRecord)
    const group = groups.get(name) ?? { name, isOld, torrents: [] }
    group.torrents.push(torrent)
    groups.set(name, group)
  }
  for (const group of groups.values()) group.torrents.sort((a, b) => ease(b) - ease(a))
  const best = ({ torrents }: TorrentGroup) => (torrents[0] ? ease(torrents[0]) : -2)
  return [...groups.values()].sort((a, b) => Number(a.isOld) - Number(b.isOld) || best(b) - best(a))
}

/** The torrents that its author says it replaces; only the author's own count. */
function replacedBy({ author, record }: defs.TorrentView): string[] {
  const { supersedes } = record as TorrentRecord
  return supersedes?.uri.startsWith(`at://${author.did}/`) ? [supersedes.uri] : []
}

/** How easily a torrent can be downloaded: its number of seeders, or less when its metainfo is not verified. */
function ease({ metainfoStatus, swarm }: defs.TorrentView): number {
  return metainfoStatus === 'verified' ? (swarm?.seeders ?? 0) : -1
}

function versionName(view: View, record: TorrentRecord): string {
  const captured = record.captured ? view.t.torrent.capturedIn(view.format.edtf(record.captured)) : ''
  const when = captured.charAt(0).toLocaleUpperCase(view.language) + captured.slice(1)
  return [when, formatNames(record).join(', ')].filter(Boolean).join(' · ')
}

function torrentRow(view: View, torrent: defs.TorrentView, { needs }: { needs: boolean }): Html {
  const reasons = needs ? needReasons(view, torrent.swarm, torrent.webseeds) : []
  return html`<div class="torrent">
<p class="name" dir="auto"><a href="${view.href(torrentPath(torrent))}">${shortTitle(torrent.name ?? '')}</a></p>
<p class="badges">${needs && needsBadge(view, torrent.swarm)} ${torrentState(view, torrent)}</p>
<ul class="facts">${torrentFacts(view, torrent).map((fact) => html`<li>${fact}</li>`)}<li>${authorLink(view, torrent.author)}</li></ul>
${reasons.length > 0 && html`<p class="reasons">${view.t.needs.because} ${view.format.list(reasons)}.</p>`}
${getButtons(view, torrent)}
</div>`
}

function nobodyYet(view: View, dataset: defs.DatasetView): Html {
  const { t } = view
  const sources = (datasetRecord(dataset).sources ?? []).length
  return html`<div class="empty"><p>${t.dataset.nobodyShares}</p>
${sources > 0 && html`<p>${t.dataset.stillAtSource}</p>`}
<p><a class="button" href="${view.href('/help#share')}">${t.dataset.howToShare}</a></p></div>`
}
