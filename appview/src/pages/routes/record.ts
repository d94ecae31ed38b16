import { describesDatasets } from '@holdfast/lexicons/foreign'
import { collections } from '@holdfast/lexicons/nsid'
import { resolveAccount } from '../../catalog/read/account.ts'
import { readRecordStatus } from '../../catalog/views/records/record-status.ts'
import { readTorrentViews } from '../../catalog/views/torrents/torrent-views.ts'
import { datasetPath, torrentPath } from '../../http/page-paths.ts'
import { queryOf } from '../../http/request-target.ts'
import { type Db, storable } from '../../store/sql.ts'
import { type Child, html } from '../html.ts'
import { wordFor } from '../i18n/word-for.ts'
import { reasonInWords, warningInWords } from '../parts/reasons.ts'
import type { MakePage } from '../serve-page.ts'
import { PageError } from '../server/page-error.ts'

/** The page with the status of any record in this index, and the reason. */
export function recordPage(db: Db): MakePage {
  return async (view, req) => {
    const asked = queryOf(req).get('uri')?.trim() ?? ''
    const { t, format } = view
    const form = html`<form class="search" action="/record" method="get"><label for="uri">${t.record.label}</label>
<input id="uri" name="uri" value="${asked}" maxlength="2000" placeholder="at://…" spellcheck="false" autocapitalize="none"><button type="submit">${t.record.button}</button></form>`
    const page = (main: ReturnType<typeof html>) => ({
      title: t.record.title,
      main: html`<div class="narrow"><h1>${t.record.title}</h1><p>${t.record.intro}</p>${form}${main}</div>`,
    })
    if (asked === '') return page(html``)
    const uri = await withDid(db, asked)
    if (uri === undefined) throw new PageError(400, 'request', t.record.invalid)
    const status = await readRecordStatus(db, uri)
    const [collection = ''] = uri.split('/').slice(3)
    const [torrent] =
      collection === collections.torrent
        ? await readTorrentViews(db, [uri], { detail: 'card', trackers: [] })
        : []
    const target = torrent
      ? torrentPath(torrent)
      : describesDatasets(collection) && status.status === 'indexed'
        ? datasetPath(uri)
        : undefined
    const facts: [string, Child][] = [
      [t.record.status, wordFor(t.recordStatus, status.status)],
      [
        t.record.reason,
        status.reason && html`${reasonInWords(view, status.reason)} <code>${status.reason}</code>`,
      ],
      [t.record.message, status.message && html`<span lang="en">${status.message}</span>`],
      [t.record.metainfo, status.metainfoStatus && wordFor(t.metainfo, status.metainfoStatus)],
      [t.dataset.indexed, status.indexedAt && format.time(status.indexedAt)],
      [t.record.nextAttempt, status.nextAttemptAt && format.fromNow(status.nextAttemptAt)],
    ]
    return page(html`<dl class="fields"><div><dt>AT-URI</dt><dd><code class="break">${uri}</code></dd></div>${facts.filter(([, value]) => value).map(([name, value]) => html`<div><dt>${name}</dt><dd><bdi>${value}</bdi></dd></div>`)}</dl>
${status.warnings.map((warning) => html`<p class="alert note">${warningInWords(view, warning)}</p>`)}
${target && html`<p><a class="button" href="${view.href(target)}">${t.record.open}</a></p>`}`)
  }
}

/** Reads an AT-URI and replaces its handle with a DID; undefined if it is malformed or the handle is unknown. */
async function withDid(db: Db, text: string): Promise<string | undefined> {
  const [, authority, path] =
    /^at:\/\/([^/\s]+)\/([a-zA-Z0-9.-]+\/[a-zA-Z0-9._:~-]+)$/.exec(storable(text)) ?? []
  const did = authority && (await resolveAccount(db, authority))
  return did ? `at://${did}/${path}` : undefined
}
