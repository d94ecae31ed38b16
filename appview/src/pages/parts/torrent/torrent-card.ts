import type { defs } from '@holdfast/lexicons'
import { datasetPath, torrentPath } from '../../../http/page-paths.ts'
import { type Html, html, nothing } from '../../html.ts'
import { wordFor } from '../../i18n/word-for.ts'
import type { View } from '../../view.ts'
import { holders, needReasons, needsBadge, statusBadge } from '../badges.ts'
import { shortTitle } from '../dataset-card.ts'
import { formatNames } from '../format-names.ts'
import { authorLink } from '../people.ts'
import type { TorrentRecord } from '../record.ts'

/** A torrent in a list, with the reasons why it needs help, if it does. */
export function torrentCard(view: View, torrent: defs.TorrentView, { byline = true } = {}): Html {
  const { t } = view
  const reasons = needReasons(view, torrent.swarm, torrent.webseeds)
  const [dataset] = (torrent.datasets ?? []).filter(({ title }) => title !== undefined)
  return html`<article class="card">
<h3 dir="auto"><a href="${view.href(torrentPath(torrent))}">${shortTitle(torrent.name ?? '')}</a></h3>
<p class="badges">${needsBadge(view, torrent.swarm)} ${torrentState(view, torrent)}</p>
${dataset && html`<p>${t.torrent.holds} <a href="${view.href(datasetPath(dataset.uri))}"><bdi>${shortTitle(dataset.title ?? '', 100)}</bdi></a></p>`}
${reasons.length === 0 ? nothing : html`<p class="reasons">${t.needs.because} ${view.format.list(reasons)}.</p>`}
<ul class="facts">${torrentFacts(view, torrent).map((fact) => html`<li>${fact}</li>`)}${byline && html`<li>${authorLink(view, torrent.author)}</li>`}</ul>
</article>`
}

/** Whether it can be downloaded: its swarm if its metainfo is verified, or else the state of the metainfo. */
export function torrentState(view: View, torrent: defs.TorrentView): Html {
  if (torrent.metainfoStatus === 'verified') return holders(view, torrent.swarm)
  return html`<span class="badge note">${wordFor(view.t.metainfo, torrent.metainfoStatus)}</span>`
}

export function torrentFacts(view: View, torrent: defs.TorrentView): string[] {
  const { t, format } = view
  const formats = formatNames(torrent.record as TorrentRecord)
  const alive = (torrent.webseeds ?? []).filter(({ status }) => status === 'verified').length
  return [
    ...(torrent.sizeBytes === undefined ? [] : [format.size(torrent.sizeBytes)]),
    ...(torrent.fileCount === undefined ? [] : [t.torrent.files(torrent.fileCount)]),
    ...(formats.length === 0 ? [] : [formats.join(', ')]),
    ...(alive === 0 ? [] : [t.torrent.webseeds(alive)]),
    ...(hashesOf(torrent) === '' ? [] : [hashesOf(torrent)]),
    t.torrent.published(format.date((torrent.record as TorrentRecord).createdAt ?? torrent.indexedAt)),
  ]
}

/** The BitTorrent version and the first digits of the infohash, to distinguish torrents of the same name. */
function hashesOf({ infoHashV1, infoHashV2 }: defs.TorrentView): string {
  const versions = [infoHashV1 && 'v1', infoHashV2 && 'v2'].filter(Boolean).join(' + ')
  const hash = infoHashV2 ?? infoHashV1
  return hash ? `${versions} ${hash.slice(0, 8)}…` : ''
}

/** Webseeds from which a browser can download: BEP 19, over HTTP, and with the right bytes when last checked. */
export function webCopies(torrent: defs.TorrentView): string[] {
  if (torrent.metainfoStatus !== 'verified') return []
  return (torrent.webseeds ?? [])
    .filter(({ url, kind, status }) => status === 'verified' && kind !== 'bep17' && /^https?:/i.test(url))
    .map(({ url }) => url as string)
}

/** The buttons for downloading a torrent. */
export function getButtons(view: View, torrent: defs.TorrentView): Html {
  const { t } = view
  const file =
    torrent.metainfoStatus === 'verified' &&
    html`<a class="button" href="${torrentPath(torrent)}.torrent" download>${t.torrent.download}</a>`
  const byHttp =
    webCopies(torrent).length > 0 &&
    html`<a class="button" href="${view.href(torrentPath(torrent))}#files">${t.torrent.byHttp}</a>`
  return html`<p class="buttons">${byHttp} ${file} ${torrent.magnet && html`<a class="button quiet" href="${torrent.magnet}">${t.torrent.magnet}</a>`} <a class="button quiet" href="${view.href(torrentPath(torrent))}">${t.torrent.details}</a></p>`
}

/** List items about the state of a webseed when it was last checked. */
export function webseedState(view: View, seed: defs.WebseedView): Html {
  const { t, format } = view
  const facts = [
    seed.checkedAt && t.torrent.checked(format.fromNow(seed.checkedAt)),
    seed.thirdParty && t.torrent.thirdParty,
    seed.https === false && t.torrent.notHttps,
    seed.cors && seed.https && seed.status === 'verified' && t.torrent.inBrowser,
  ].filter((fact): fact is string => typeof fact === 'string')
  return html`<li>${statusBadge(view, seed.status)}</li>${facts.map((fact) => html`<li>${fact}</li>`)}${seed.message && html`<li lang="en"><bdi>${seed.message}</bdi></li>`}`
}
