import type { defs } from '@holdfast/lexicons'
import { datasetPath, torrentPath } from '../../../page-paths.ts'
import { type Html, html, nothing } from '../../html.ts'
import { wordFor } from '../../i18n/word-for.ts'
import type { View } from '../../view.ts'
import { holders, needReasons, needsBadge, statusBadge } from '../badges.ts'
import { shortTitle } from '../dataset/dataset-card.ts'
import { formatNames } from '../format-names.ts'
import { authorLink } from '../people.ts'
import type { TorrentRecord } from '../record.ts'

/** A torrent in a list, with why it needs help where it does. */
export function torrentCard(view: View, torrent: defs.TorrentView, { byline = true } = {}): Html {
  const { t } = view
  const reasons = needReasons(view, torrent.swarm, torrent.webSeeds)
  const [dataset] = (torrent.datasets ?? []).filter(({ title }) => title !== undefined)
  return html`<article class="card">
<h3 dir="auto"><a href="${view.href(torrentPath(torrent))}">${shortTitle(torrent.name ?? '')}</a></h3>
<p class="badges">${needsBadge(view, torrent.swarm)} ${torrentState(view, torrent)}</p>
${dataset && html`<p>${t.torrent.holds} <a href="${view.href(datasetPath(dataset.uri))}"><bdi>${shortTitle(dataset.title ?? '', 100)}</bdi></a></p>`}
${reasons.length === 0 ? nothing : html`<p class="reasons">${t.needs.because} ${view.format.list(reasons)}.</p>`}
<ul class="facts">${torrentFacts(view, torrent).map((fact) => html`<li>${fact}</li>`)}${byline && html`<li>${authorLink(view, torrent.author)}</li>`}</ul>
</article>`
}

/** Whether it can be had: its swarm once its metainfo is verified, else how far that is. */
export function torrentState(view: View, torrent: defs.TorrentView): Html {
  if (torrent.metainfoStatus === 'verified') return holders(view, torrent.swarm)
  return html`<span class="badge note">${wordFor(view.t.metainfo, torrent.metainfoStatus)}</span>`
}

export function torrentFacts(view: View, torrent: defs.TorrentView): string[] {
  const { t, format } = view
  const formats = formatNames(torrent.record as TorrentRecord)
  const alive = (torrent.webSeeds ?? []).filter(({ status }) => status === 'verified').length
  return [
    ...(torrent.sizeBytes === undefined ? [] : [format.size(torrent.sizeBytes)]),
    ...(torrent.fileCount === undefined ? [] : [t.torrent.files(torrent.fileCount)]),
    ...(formats.length === 0 ? [] : [formats.join(', ')]),
    ...(alive === 0 ? [] : [t.torrent.webSeeds(alive)]),
  ]
}

/** The buttons by which a torrent is had. */
export function getButtons(view: View, torrent: defs.TorrentView): Html {
  const { t } = view
  const file =
    torrent.metainfoStatus === 'verified' &&
    html`<a class="button" href="${torrentPath(torrent)}.torrent" download>${t.torrent.download}</a>`
  return html`<p class="buttons">${file} ${torrent.magnet && html`<a class="button quiet" href="${torrent.magnet}">${t.torrent.magnet}</a>`} <a class="button quiet" href="${view.href(torrentPath(torrent))}">${t.torrent.details}</a></p>`
}

/** Items of a list: what was found there when it was last looked at. */
export function webSeedState(view: View, seed: defs.WebSeedView): Html {
  const { t, format } = view
  const facts = [
    seed.checkedAt && t.torrent.checked(format.fromNow(seed.checkedAt)),
    seed.thirdParty && t.torrent.thirdParty,
    seed.https === false && t.torrent.notHttps,
    seed.cors && seed.https && seed.status === 'verified' && t.torrent.inBrowser,
  ].filter((fact): fact is string => typeof fact === 'string')
  return html`<li>${statusBadge(view, seed.status)}</li>${facts.map((fact) => html`<li>${fact}</li>`)}${seed.message && html`<li lang="en"><bdi>${seed.message}</bdi></li>`}`
}
