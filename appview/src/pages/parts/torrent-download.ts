import type { defs } from '@holdfast/lexicons'
import { type Html, html, nothing } from '../html.ts'
import { torrentPath } from '../paths.ts'
import type { View } from '../view.ts'

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

/** Where a script of the page goes to fetch the files, for its policy. */
export function originsOf(seeds: readonly string[]): string[] {
  return [...new Set(seeds.map((url) => new URL(url).origin))]
}

/** For people who cannot install a client; shown by the script that does it. */
export function downloadSection(view: View, torrent: defs.TorrentView, seeds: readonly string[]): Html {
  if (seeds.length === 0) return nothing
  const { download } = view.t
  return html`<section id="browser-download" class="js-only" aria-labelledby="browser-title" data-torrent="${torrentPath(torrent)}.torrent?original" data-seeds="${JSON.stringify(seeds)}" data-bytes="${torrent.sizeBytes ?? 0}" data-done="${download.done}" data-failed="${download.failed}" data-too-large="${download.tooLarge}" data-save="${download.save}">
<h2 id="browser-title">${download.title}</h2><p>${download.text}</p>
<p><button type="button" class="quiet">${download.button}</button></p>
<progress value="0" max="1" aria-label="${download.progress}" hidden></progress><output></output>
</section>`
}
