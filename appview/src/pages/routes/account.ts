import type { assessment, defs, profile, webseed } from '@holdfast/lexicons'
import { resolveAccount } from '../../catalog/read/account.ts'
import { readDatasetViews } from '../../catalog/views/datasets/dataset-views.ts'
import {
  type AccountPage,
  type Contribution,
  readAccountPage,
  readContributions,
} from '../../catalog/views/pages/page-account.ts'
import { listDatasetUris, listTorrentUris } from '../../catalog/views/records/listings.ts'
import { readTorrentViews } from '../../catalog/views/torrents/torrent-views.ts'
import { accountPath, datasetPath } from '../../http/page-paths.ts'
import { queryOf } from '../../http/request-target.ts'
import type { Db } from '../../store/sql.ts'
import { storable } from '../../store/sql.ts'
import { type Html, html, nothing } from '../html.ts'
import { wordFor } from '../i18n/word-for.ts'
import { riskBadge } from '../parts/badges.ts'
import { datasetCard } from '../parts/dataset-card.ts'
import { outsideLink } from '../parts/links.ts'
import { pager } from '../parts/pager.ts'
import { shortDid, verifiedMark } from '../parts/people.ts'
import { torrentCard } from '../parts/torrent/torrent-card.ts'
import type { MakePage } from '../serve-page.ts'
import { PageError } from '../server/page-error.ts'
import type { View } from '../view.ts'

/** The page of an account: who it is, and what it published and contributed. Accounts are not ranked. */
export function accountPage(db: Db): MakePage {
  return async (view, req) => {
    const did = await resolveAccount(db, storable(req.params.account ?? ''))
    const account = did === undefined ? undefined : await readAccountPage(db, did)
    if (did === undefined || !account) throw new PageError(404, 'account')
    const cursor = queryOf(req).get('cursor') ?? undefined
    const isFirst = cursor === undefined
    const datasets = await listDatasetUris(db, { did }, { limit: 20, cursor })
    const torrents = isFirst ? await listTorrentUris(db, { did }, { limit: 10 }) : { uris: [] }
    return accountDocument(view, account, {
      datasets: await readDatasetViews(db, datasets.uris, { detail: 'card' }),
      cursor: datasets.cursor,
      torrents: await readTorrentViews(db, torrents.uris, { detail: 'card', trackers: [] }),
      contributions: isFirst ? await readContributions(db, did, 20) : [],
    })
  }
}

interface AccountWork {
  datasets: readonly defs.DatasetView[]
  cursor: string | undefined
  torrents: readonly defs.TorrentView[]
  contributions: readonly Contribution[]
}

function accountDocument(view: View, account: AccountPage, work: AccountWork) {
  const { t } = view
  const { author } = account
  const name = author.displayName ?? author.handle ?? shortDid(author.did)
  return {
    title: name,
    canonical: accountPath(author),
    main: html`<article>
<header class="title">${picture(account)}<h1 dir="auto">${name}</h1>${identity(view, account)}</header>
${profileText(view, account.profile as profile.Main | undefined)}
<section aria-labelledby="datasets"><h2 id="datasets">${t.account.datasets}</h2>
${work.datasets.length === 0 ? html`<p class="empty">${t.account.noDatasets}</p>` : html`<div class="list">${work.datasets.map((dataset) => datasetCard(view, dataset, { byline: false }))}</div>`}
${pager(view, work.cursor)}</section>
${work.torrents.length > 0 && html`<section aria-labelledby="torrents"><h2 id="torrents">${t.account.torrents}</h2><div class="list">${work.torrents.map((torrent) => torrentCard(view, torrent, { byline: false }))}</div></section>`}
${work.contributions.length > 0 && html`<section aria-labelledby="checked"><h2 id="checked">${t.account.contributions}</h2><ul class="sources">${work.contributions.map((one) => contribution(view, one))}</ul></section>`}
</article>`,
  }
}

/** The picture; its alternative text is empty, because the name is beside it. */
function picture({ author, profile: record }: AccountPage): Html {
  if (!(record as profile.Main | undefined)?.avatar) return nothing
  return html`<img class="portrait" src="${`${accountPath({ did: author.did })}/picture`}" alt="" width="96" height="96">`
}

function identity(view: View, { author, counts, since, profile: record }: AccountPage): Html {
  const { t, format } = view
  const kind = author.kind && wordFor(t.profileKinds, author.kind)
  const facts: (Html | string | undefined | false)[] = [
    author.handle &&
      (author.displayName || author.domainVerified) &&
      html`<bdi>${author.handle}</bdi>${author.domainVerified && html`${verifiedMark(view)} ${t.account.domainVerified}`}`,
    kind,
    counts.datasets > 0 && t.account.published(counts.datasets),
    counts.torrents > 0 && t.account.holds(counts.torrents),
    counts.webseeds > 0 && t.account.serves(counts.webseeds),
    counts.assessments > 0 && t.account.assessed(counts.assessments),
    t.account.since(format.date(since)),
  ]
  const url = (record as profile.Main | undefined)?.url
  return html`<ul class="facts">${facts.filter(Boolean).map((fact) => html`<li>${fact}</li>`)}${url && html`<li>${outsideLink(url)}</li>`}</ul>
<p class="empty">DID <code class="break">${author.did}</code></p>`
}

function profileText(view: View, record: profile.Main | undefined): Html {
  if (!record?.description) return nothing
  return view.prose(record.description, { after: 1_500, summary: '…' })
}

function contribution(view: View, { kind, at, record, subject }: Contribution): Html {
  const { t, format } = view
  const when = html`<time datetime="${at}">${format.date(at)}</time>`
  const target = subject.infoHash ? `/torrent/${subject.infoHash}` : subject.uri && datasetPath(subject.uri)
  const about = target
    ? html`<a href="${view.href(target)}"><bdi>${(subject.name ?? target).slice(0, 300)}</bdi></a>`
    : html`<span class="empty">${t.account.notIndexed}</span>`
  if (kind === 'webseed')
    return html`<li>${t.account.servesAt} ${about} ${outsideLink((record as webseed.Main).url)} ${when}</li>`
  return html`<li>${t.account.assessedThis} ${about} ${riskBadge(view, (record as assessment.Main).risk)} ${when}</li>`
}
