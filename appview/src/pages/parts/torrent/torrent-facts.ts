import type { defs } from '@holdfast/lexicons'
import { dhtSource } from '../../../catalog/swarms/contents.ts'
import { recordPath, torrentPath } from '../../../http/page-paths.ts'
import { type Html, html, nothing } from '../../html.ts'
import type { View } from '../../view.ts'
import { holders, needReasons } from '../badges.ts'
import { copyButton } from '../citation-section.ts'
import { formatNames } from '../format-names.ts'
import { outsideLink } from '../links.ts'
import { authorLink } from '../people.ts'
import { warningInWords } from '../reasons.ts'
import type { TorrentRecord } from '../record.ts'
import { swarmPlot } from './swarm-plot.ts'
import { torrentState, webCopies, webseedState } from './torrent-card.ts'

/** The section about the content and how to get it. */
export function contentFacts(view: View, torrent: defs.TorrentView): Html {
  const { t, format } = view
  const path = torrentPath(torrent)
  const isVerified = torrent.metainfoStatus === 'verified'
  const reasons = needReasons(view, torrent.swarm, torrent.webseeds)
  const copies = [...new Set(webCopies(torrent).map((url) => new URL(url).host))].slice(0, 5)
  const facts: [string, string | Html | undefined][] = [
    [
      t.fields.size,
      torrent.sizeBytes === undefined
        ? undefined
        : `${format.size(torrent.sizeBytes)} (${format.number(torrent.sizeBytes)} B)`,
    ],
    [t.torrent.fileCount, torrent.fileCount === undefined ? undefined : format.number(torrent.fileCount)],
    [
      t.torrent.pieceLength,
      torrent.pieceLengthBytes === undefined
        ? undefined
        : `${format.number(torrent.pieceLengthBytes / 1024)} KiB`,
    ],
    [t.torrent.infoHashV1, torrent.infoHashV1 && html`<code class="break">${torrent.infoHashV1}</code>`],
    [t.torrent.infoHashV2, torrent.infoHashV2 && html`<code class="break">${torrent.infoHashV2}</code>`],
    [t.torrent.private, torrent.private ? t.torrent.privateNote : undefined],
  ]
  return html`<section class="get" aria-label="${t.torrent.get}">
<p class="badges">${torrentState(view, torrent)}</p>
${reasons.length > 0 && html`<p class="alert warn"><strong>${t.needs.badge}.</strong> ${t.needs.because} ${format.list(reasons)}. <a href="${view.href('/help#seed')}">${t.needs.howToHelp}</a></p>`}
${copies.length > 0 && html`<p>${t.torrent.webCopy(format.list(copies))} <a href="#files">${t.torrent.byHttp}</a></p>`}
<p class="buttons">${isVerified && html`<a class="button" href="${path}.torrent" download>${t.torrent.download}</a>`} ${torrent.magnet && html`<a class="button quiet" href="${torrent.magnet}">${t.torrent.magnet}</a>`}${isVerified && html` <a href="${path}.torrent?original" download>${t.torrent.original}</a>`}</p>
<p class="empty">${copies.length > 0 ? t.torrent.clientElse : t.torrent.needClient} <a href="${view.href('/help#download')}">${t.torrent.howToDownload}</a></p>
${(torrent.warnings ?? []).slice(0, 10).map((warning) => html`<p class="alert note">${warningInWords(view, warning)}</p>`)}
<dl class="fields">${facts.filter(([, value]) => value !== undefined).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
${magnetFold(view, torrent)}
</section>`
}

function magnetFold(view: View, torrent: defs.TorrentView): Html {
  const { t } = view
  if (!torrent.magnet) return nothing
  return html`<details class="fold"><summary>${t.torrent.magnetAndQr}</summary>
<div class="copyable"><pre id="magnet" class="wrap" tabindex="0">${torrent.magnet}</pre>${copyButton(view, 'magnet', t.torrent.magnet)}</div>
<p><img class="qr" src="${torrentPath(torrent)}/qr.svg" alt="${t.torrent.qrAlt}" width="240" height="240" loading="lazy"></p></details>`
}

/** The section about the swarm, now and over time. */
export function swarmSection(view: View, torrent: defs.TorrentView): Html {
  const { t, format } = view
  const { swarm } = torrent
  if (!swarm)
    return html`<section aria-labelledby="swarm"><h2 id="swarm">${t.swarm.title}</h2><p class="empty">${t.swarm.nobodyLooked}</p></section>`
  const capacity =
    torrent.sizeBytes !== undefined && swarm.seeders
      ? t.swarm.capacity(format.size(torrent.sizeBytes * swarm.seeders))
      : undefined
  const facts = [
    swarm.completed && t.swarm.completed(swarm.completed),
    capacity,
    swarm.checkedAt && t.swarm.checked(format.fromNow(swarm.checkedAt)),
    !swarm.seeders && swarm.lastSeederAt && t.needs.lastSeeder(format.fromNow(swarm.lastSeederAt)),
  ].filter((fact) => typeof fact === 'string')
  return html`<section aria-labelledby="swarm"><h2 id="swarm">${t.swarm.title}</h2>
<p>${holders(view, swarm)}</p>
<ul class="facts">${facts.map((fact) => html`<li>${fact}</li>`)}</ul>
${swarmPlot(view, swarm)}
<p class="empty">${t.swarm.invitation} <a href="${view.href('/help#seed')}">${t.needs.howToHelp}</a></p></section>`
}

/** The section about webseeds, and whether their bytes were right when last checked. */
export function webseedSection(view: View, torrent: defs.TorrentView): Html {
  const { t } = view
  const seeds = torrent.webseeds ?? []
  return html`<section aria-labelledby="webseeds"><h2 id="webseeds">${t.torrent.webseedsTitle}</h2>
${seeds.length === 0 ? html`<p class="empty">${t.torrent.noWebseeds}</p>` : html`<p class="empty">${t.torrent.webseedsNote}</p><ul class="sources">${seeds.slice(0, 50).map((seed) => html`<li>${outsideLink(seed.url)}<ul class="facts">${webseedState(view, seed)}${seed.thirdParty && seed.author && html`<li>${authorLink(view, seed.author)}</li>`}</ul>${seed.note && html`<p class="pre" dir="auto">${seed.note.slice(0, 500)}</p>`}</li>`)}</ul>`}
<p><a href="${view.href(`/publish/webseed?${new URLSearchParams({ infoHash: torrent.infoHashV2 ?? torrent.infoHashV1 ?? '' })}`)}">${t.torrent.addWebseed}</a></p></section>`
}

/** The section about trackers: the counts of each, and those that only the record names. */
export function trackerSection(view: View, torrent: defs.TorrentView): Html {
  const { t } = view
  const asked = torrent.swarm?.trackers ?? []
  const known = new Set(asked.map(({ url }) => url as string))
  const named = ((torrent.record as TorrentRecord).trackers ?? []).filter(({ url }) => !known.has(url))
  if (asked.length === 0 && named.length === 0) return nothing
  return html`<section aria-labelledby="trackers"><h2 id="trackers">${t.torrent.trackers}</h2>
<p class="empty">${t.torrent.trackersNote}</p>
<ul class="sources">${asked.slice(0, 50).map((tracker) => trackerItem(view, tracker))}${named.slice(0, 30).map(({ url }) => html`<li><bdi class="break">${url}</bdi><ul class="facts"><li>${t.torrent.notAsked}</li></ul></li>`)}</ul></section>`
}

function trackerItem(
  { t, format }: View,
  { url, seeders, leechers, completed, checkedAt, error }: defs.TrackerSwarm,
): Html {
  const facts = [
    seeders !== undefined && t.swarm.seederCount(seeders),
    leechers && t.swarm.fetching(leechers),
    completed && t.swarm.completed(completed),
    checkedAt && t.torrent.asked(format.fromNow(checkedAt)),
  ].filter((fact) => typeof fact === 'string')
  return html`<li><bdi class="break">${url === dhtSource ? t.torrent.dht : url}</bdi><ul class="facts">${facts.map((fact) => html`<li>${fact}</li>`)}${error && html`<li lang="en"><bdi>${error}</bdi></li>`}</ul></li>`
}

/** The section about the records that name this content, each as its author wrote it. */
export function describersSection(view: View, torrents: readonly defs.TorrentView[]): Html {
  const { t, format } = view
  return html`<section aria-labelledby="described"><h2 id="described">${t.torrent.describers}</h2>
${torrents.map((torrent) => {
  const record = torrent.record as TorrentRecord
  const facts = [
    record.captured && t.torrent.capturedIn(format.edtf(record.captured)),
    record.tool && t.torrent.gatheredWith(record.tool),
    formatNames(record).join(', '),
  ].filter((fact) => fact !== undefined && fact !== '')
  return html`<div class="claim"><p class="by"><span>${authorLink(view, torrent.author)}</span> <time datetime="${torrent.indexedAt}">${format.date(torrent.indexedAt)}</time> <a href="${view.href(recordPath(torrent.uri))}">${t.dataset.status}</a></p>
${facts.length > 0 && html`<ul class="facts">${facts.map((fact) => html`<li><bdi>${fact}</bdi></li>`)}</ul>`}
${torrent.supersededBy?.length && html`<p class="alert note">${t.torrent.superseded} ${torrent.supersededBy.slice(0, 5).map(({ uri }) => html`<a class="break" href="${view.href(recordPath(uri))}">${uri}</a> `)}</p>`}
${record.supersedes && html`<p>${t.fields.supersedes} <a class="break" href="${view.href(recordPath(record.supersedes.uri))}">${record.supersedes.uri}</a></p>`}
${record.method && view.prose(record.method.slice(0, 6_000))}</div>`
})}</section>`
}
