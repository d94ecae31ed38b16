import type { defs } from '@holdfast/lexicons'
import { collections } from '@holdfast/lexicons/nsid'
import { citedInfoHashes } from '@holdfast/lexicons/vocabularies/citation'
import type { DescribedTorrent } from '@holdfast/lexicons/vocabularies/described-dataset'
import { toSchemaOrg } from '@holdfast/lexicons/vocabularies/schema-org'
import { resolveAccount } from '../../catalog/read/account.ts'
import type { DatasetPage, ReadDatasetPage } from '../../catalog/views/pages/page-datasets.ts'
import type { Gathering, ReadGathering } from '../../catalog/views/pages/page-gathering.ts'
import { datasetPath, datasetUri, torrentPath } from '../../http/page-paths.ts'
import type { Db } from '../../store/sql.ts'
import { storable } from '../../store/sql.ts'
import { type Html, html, jsonInHtml, nothing } from '../html.ts'
import { plainExcerpt } from '../markdown.ts'
import { citationSection } from '../parts/citation-section.ts'
import { badgesAndAlerts, descriptionSection, metadataSection } from '../parts/dataset/dataset-facts.ts'
import { gatheringSection } from '../parts/dataset/dataset-gathering.ts'
import {
  assessmentSection,
  provenanceSection,
  recordSection,
  sourceSection,
} from '../parts/dataset/dataset-story.ts'
import { torrentSection } from '../parts/dataset/dataset-torrents.ts'
import { shortTitle } from '../parts/dataset-card.ts'
import { agentText, authorLink } from '../parts/people.ts'
import { datasetRecord } from '../parts/record.ts'
import type { MakePage } from '../serve-page.ts'
import { PageError } from '../server/page-error.ts'
import type { View } from '../view.ts'

export interface DatasetPageParts {
  db: Db
  read: ReadDatasetPage
  readGathering: ReadGathering
}

/** The page of a dataset: its description, author, sources, torrents and citation. */
export function datasetPage({ db, read, readGathering }: DatasetPageParts): MakePage {
  return async (view, req) => {
    const { authority = '', collection = collections.dataset, rkey = '' } = req.params
    if (!authority.startsWith('did:')) {
      const did = await resolveAccount(db, storable(authority))
      if (did === undefined) throw new PageError(404, 'dataset')
      return { movedTo: datasetPath(datasetUri(did, rkey, collection)) }
    }
    const found = await read(datasetUri(authority, rkey, collection))
    if (!found) throw new PageError(404, 'dataset')
    return page(view, found, await readGathering(found.dataset.uri))
  }
}

function page(view: View, found: DatasetPage, gathering: Gathering | undefined) {
  const { dataset } = found
  const record = datasetRecord(dataset)
  const path = datasetPath(dataset.uri)
  const url = view.publicUrl + path
  const jsonLd = toSchemaOrg(
    { uri: dataset.uri, record, torrents: found.torrents.map((torrent) => described(view, torrent)) },
    { page: url, publicUrl: view.publicUrl, siteName: view.siteName },
  )
  return {
    title: shortTitle(record.title),
    description: plainExcerpt(record.description ?? record.title, 200),
    canonical: path,
    alternates: [
      { type: 'application/ld+json', href: `${url}?format=jsonld` },
      { type: 'text/turtle', href: `${url}?format=ttl` },
      { type: 'application/rdf+xml', href: `${url}?format=rdf` },
    ],
    head: html`<link rel="alternate" type="application/json+oembed" href="${`/oembed?${new URLSearchParams({ url })}`}" title="oEmbed">
<script type="application/ld+json">${jsonInHtml(jsonLd)}</script>`,
    main: html`<article>
${heading(view, dataset)}
${badgesAndAlerts(view, found)}
${torrentSection(view, found)}
${gatheringSection(view, dataset.uri, gathering)}
${descriptionSection(view, dataset)}
${sourceSection(view, dataset)}
${metadataSection(view, record)}
${assessmentSection(view, dataset)}
${provenanceSection(view, found)}
${citationSection(view, { uri: dataset.uri, record, url, infoHashes: citedInfoHashes(found.torrents) })}
${recordSection(view, dataset)}
</article>`,
  }
}

/** Describes a torrent for structured data; one that is not verified has no file. */
function described(view: View, torrent: defs.TorrentView): DescribedTorrent {
  const { uri, name = '', sizeBytes, magnet = '', metainfoStatus } = torrent
  const fileUrl =
    metainfoStatus === 'verified' ? `${view.publicUrl}${torrentPath(torrent)}.torrent` : undefined
  return { uri, name, sizeBytes, magnet, fileUrl }
}

function heading(view: View, dataset: defs.DatasetView): Html {
  const record = datasetRecord(dataset)
  const facts = [
    record.publisher && agentText(record.publisher),
    record.issued && html`<bdi>${view.format.edtf(record.issued)}</bdi>`,
    record.version && html`${view.t.dataset.version} <bdi>${record.version}</bdi>`,
    html`${view.t.dataset.describedBy} ${authorLink(view, dataset.author)}`,
  ]
  return html`<header class="title">
<h1 dir="auto">${record.title || '—'}</h1>
<ul class="facts">${facts.filter((fact) => fact !== undefined && fact !== '').map((fact) => html`<li>${fact}</li>`)}</ul>
</header>${nothing}`
}
