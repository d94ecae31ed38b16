import type { defs } from '@holdfast/lexicons'
import { torrentPath } from '../../../page-paths.ts'
import { type Html, html, nothing } from '../../html.ts'
import type { View } from '../../view.ts'

/** Webseeds that a page may read: checked, encrypted, and open to browsers of any site. */
export function browserSeeds(torrent: defs.TorrentView): string[] {
  if (torrent.metainfoStatus !== 'verified') return []
  return (torrent.webSeeds ?? [])
    .filter(
      ({ url, kind, status, cors }) => status === 'verified' && cors && kind !== 'bep17' && isReadable(url),
    )
    .map(({ url }) => url as string)
    .slice(0, 10)
}

/** A page that came encrypted reads only what does too; on this machine anything that is on this machine. */
function isReadable(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, hostname } = new URL(url)
  return protocol === 'https:' || (protocol === 'http:' && hostname === '127.0.0.1')
}

/** Held in memory while they are passed on to others. */
const mostFromPeers = 500_000_000

/**
 * The operator's trackers at which a browser can join the swarm, by WebSocket. None for torrents that forbid other
 * peer sources (BEP 27), have no v1 hash, which WebTorrent needs, or are too large for a page.
 */
export function browserTrackers(torrent: defs.TorrentView, trackers: readonly string[]): string[] {
  const { metainfoStatus, infoHashV1, sizeBytes = Number.POSITIVE_INFINITY } = torrent
  if (metainfoStatus !== 'verified' || !infoHashV1 || torrent.private || sizeBytes > mostFromPeers) return []
  return trackers.filter((url) => {
    const { protocol, hostname } = new URL(url)
    return protocol === 'wss:' || (protocol === 'ws:' && hostname === '127.0.0.1')
  })
}

/** Where a script of the page goes to fetch the files, for its policy. */
export function originsOf(seeds: readonly string[]): string[] {
  return [...new Set(seeds.map((url) => new URL(url).origin))]
}

export interface Sources {
  seeds: readonly string[]
  trackers: readonly string[]
  /** `stun:` URLs */
  stunServers: readonly string[]
  /** Where the script is that joins swarms. */
  peersScript: string
}

/** For people who cannot install a client; shown by the script that does it. */
export function downloadSection(view: View, torrent: defs.TorrentView, sources: Sources): Html {
  const { seeds, trackers, stunServers, peersScript } = sources
  if (seeds.length === 0 && trackers.length === 0) return nothing
  const { download } = view.t
  const peers = html` data-trackers="${JSON.stringify(trackers)}" data-stun-servers="${JSON.stringify(stunServers)}" data-peers-script="${peersScript}" data-looking="${download.looking}" data-met="${download.met}" data-done-by-peers="${download.doneByPeers}"`
  return html`<section id="browser-download" class="js-only" aria-labelledby="browser-title" data-torrent="${torrentPath(torrent)}.torrent?original" data-seeds="${JSON.stringify(seeds)}" data-bytes="${torrent.sizeBytes ?? 0}" data-done="${download.done}" data-failed="${download.failed}" data-too-large="${download.tooLarge}" data-save="${download.save}"${trackers.length > 0 && peers}>
<h2 id="browser-title">${download.title}</h2>
${seeds.length > 0 && html`<p>${download.text}</p><p><button type="button" class="quiet" id="from-webseeds">${download.button}</button></p>`}
${trackers.length > 0 && html`<p>${download.peersText}</p><p id="shows-address"><strong>${download.showsAddress}</strong>${stunServers.length > 0 && html` ${download.stunToo(stunServers.map(hostOf).join(', '))}`}</p><p><button type="button" class="quiet" id="from-peers" aria-describedby="shows-address">${download.joinButton}</button></p>`}
<progress value="0" max="1" aria-label="${download.progress}" hidden></progress><output></output>
</section>`
}

/** `stun:stun.example.org:3478` names stun.example.org. */
function hostOf(stunServer: string): string {
  return stunServer.replace(/^stuns?:/, '').replace(/:\d+$/, '')
}
