import type { defs } from '@holdfast/lexicons'
import type { DirectoryEntry } from '../../../catalog/views/pages/page-directory.ts'
import { webseedFileUrl } from '../../../catalog/views/torrents/webseed-file.ts'
import { torrentPath } from '../../../http/page-paths.ts'
import { type Html, html, nothing } from '../../html.ts'
import type { View } from '../../view.ts'
import { outsideLink } from '../links.ts'
import { webCopies } from './torrent-card.ts'

export interface DirectoryView {
  entries: readonly DirectoryEntry[]
  /** How many entries this directory has. */
  total: number
  /** The path of the directory: empty, or ending with a slash. */
  path: string
  page: number
  perPage: number
  /** How many files of the content are indexed. */
  indexed: number
}

/** The section about files, one directory at a time, so that a million files load as fast as ten. */
export function fileSection(view: View, torrent: defs.TorrentView, directory: DirectoryView): Html {
  const { t, format } = view
  const { entries, total, path, indexed } = directory
  if (entries.length === 0 && path === '')
    return html`<section aria-labelledby="files"><h2 id="files">${t.torrent.filesTitle}</h2><p class="empty">${t.torrent.noFiles}</p></section>`
  const missing = (torrent.fileCount ?? indexed) - indexed
  return html`<section aria-labelledby="files"><h2 id="files">${t.torrent.filesTitle}</h2>
${breadcrumbs(view, torrent, path)}
<div class="scroll" tabindex="0" role="group" aria-labelledby="files"><table class="files"><thead><tr><th scope="col">${t.torrent.fileName}</th><th scope="col">${t.fields.size}</th></tr></thead><tbody>
${entries.map((entry) => html`<tr><td>${entryName(view, torrent, path, entry)}</td><td>${format.size(entry.sizeBytes)}</td></tr>`)}
</tbody></table></div>
${pages(view, torrent, directory)}
<p class="count">${t.torrent.entries(total)}${missing > 0 && html` ${t.torrent.filesMissing(missing)}`}</p></section>`
}

function entryName(view: View, torrent: defs.TorrentView, path: string, entry: DirectoryEntry): Html {
  if (!entry.isDirectory) {
    const [copy] = webCopies(torrent)
    return copy === undefined
      ? html`<bdi class="break">${entry.name}</bdi>`
      : outsideLink(webseedFileUrl(torrent, copy, path + entry.name), entry.name)
  }
  return html`<a href="${inDirectory(view, torrent, `${path}${entry.name}/`)}"><bdi class="break">${entry.name}/</bdi></a> <small>${view.t.torrent.files(entry.files)}</small>`
}

function breadcrumbs(view: View, torrent: defs.TorrentView, path: string): Html {
  const names = path.split('/').slice(0, -1)
  if (names.length === 0) return nothing
  const steps = names.map((name, i) => ({ name, path: `${names.slice(0, i + 1).join('/')}/` }))
  return html`<nav class="crumbs" aria-label="${view.t.torrent.where}"><ol><li><a href="${inDirectory(view, torrent, '')}">${view.t.torrent.root}</a></li>${steps.map((step, i) => html`<li>${i === steps.length - 1 ? html`<bdi aria-current="true">${step.name}</bdi>` : html`<a href="${inDirectory(view, torrent, step.path)}"><bdi>${step.name}</bdi></a>`}</li>`)}</ol></nav>`
}

function pages(view: View, torrent: defs.TorrentView, { path, page, perPage, total }: DirectoryView): Html {
  if (total <= perPage) return nothing
  return html`<nav class="pager" aria-label="${view.t.site.pages}">
${page > 0 && html`<a href="${inDirectory(view, torrent, path, page - 1)}">${view.t.site.previousPage}</a>`}
${(page + 1) * perPage < total && html`<a rel="next" href="${inDirectory(view, torrent, path, page + 1)}">${view.t.site.nextPage}</a>`}
</nav>`
}

function inDirectory(view: View, torrent: defs.TorrentView, path: string, page = 0): string {
  const query = new URLSearchParams({ ...(path && { in: path }), ...(page > 0 && { page: String(page) }) })
  return view.href(`${torrentPath(torrent)}${query.size > 0 ? `?${query}` : ''}#files`)
}
