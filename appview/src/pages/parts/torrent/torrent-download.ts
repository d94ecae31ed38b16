import type { defs } from '@holdfast/lexicons'
import { torrentPath } from '../../../http/page-paths.ts'
import { type Html, html, nothing } from '../../html.ts'
import type { View } from '../../view.ts'

/** Webseeds that a script may read: checked, with TLS, and open to all origins (CORS). */
export function browserSeeds(torrent: defs.TorrentView): string[] {
  if (torrent.metainfoStatus !== 'verified') return []
  return (torrent.webseeds ?? [])
    .filter(
      ({ url, kind, status, cors }) => status === 'verified' && cors && kind !== 'bep17' && isReadable(url),
    )
    .map(({ url }) => url as string)
    .slice(0, 10)
}

/** Whether a page may read a URL: only https, except for servers on this machine. */
function isReadable(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, hostname } = new URL(url)
  return protocol === 'https:' || (protocol === 'http:' && hostname === '127.0.0.1')
}

/** The most bytes for a download from peers, which stays in memory while it is shared. */
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

/** The origins from which the page's script fetches files, for its Content-Security-Policy. */
export function originsOf(seeds: readonly string[]): string[] {
  return [...new Set(seeds.map((url) => new URL(url).origin))]
}

export interface Sources {
  seeds: readonly string[]
  trackers: readonly string[]
  /** The `stun:` URLs of STUN servers. */
  stunServers: readonly string[]
  /** The URL of the script that joins swarms. */
  peersScript: string
}

/** The section for people who cannot install a client; the script shows it. */
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

/** The host in a `stun:` URL: stun.example.org in `stun:stun.example.org:3478`. */
function hostOf(stunServer: string): string {
  return stunServer.replace(/^stuns?:/, '').replace(/:\d+$/, '')
}
