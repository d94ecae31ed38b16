import type { ReadDatasetPage } from '../../catalog/views/pages/page-datasets.ts'
import { datasetPath } from '../../http/page-paths.ts'
import { queryOf } from '../../http/request-target.ts'
import { type Html, html } from '../html.ts'
import { shortTitle } from '../parts/dataset-card.ts'
import { outsideLink } from '../parts/links.ts'
import { datasetRecord } from '../parts/record.ts'
import type { MakePage } from '../serve-page.ts'
import { blobOf, type ReadBlob } from '../server/blobs.ts'
import { PageError } from '../server/page-error.ts'
import type { View } from '../view.ts'

export interface DescriptionParts {
  read: ReadDatasetPage
  /** Reads the blob of a description. */
  readDescription: ReadBlob
}

/** Markdown with more characters than this is shown as plain text. */
const mostMarkdown = 100_000

/** The page of a description that is too long for its record; `?uri=` is the dataset's AT-URI. */
export function descriptionPage({ read, readDescription }: DescriptionParts): MakePage {
  return async (view, req) => {
    const uri = queryOf(req).get('uri') ?? ''
    const found = /^at:\/\/did:[^/\s]+\/[^/\s]+\/[^/\s]+$/.test(uri) ? await read(uri) : undefined
    const blob = found && blobOf(datasetRecord(found.dataset).descriptionBlob)
    if (!found || !blob) throw new PageError(404, 'dataset')
    const { dataset } = found
    const title = shortTitle(datasetRecord(dataset).title)
    return {
      title: `${title}: ${view.t.dataset.description}`,
      main: html`<article><p class="kind">${view.t.dataset.description}</p><h1 dir="auto">${title}</h1>
<p><a href="${view.href(datasetPath(dataset.uri))}">${view.t.dataset.backToDataset}</a></p>
${shown(view, await readDescription(dataset.author.did, blob))}</article>`,
    }
  }
}

function shown(view: View, description: Awaited<ReturnType<ReadBlob>>): Html {
  const { t } = view
  const source = description.url && html`<p>${outsideLink(description.url, t.dataset.atItsServer)}</p>`
  if ('failure' in description)
    return html`<p class="alert note">${description.failure === 'too-large' ? t.dataset.descriptionTooLarge : t.dataset.descriptionUnavailable}</p>${source}`
  const text = new TextDecoder().decode(description.bytes)
  if (text.length > mostMarkdown)
    return html`<pre class="wrap" dir="auto" tabindex="0">${text}</pre>${source}`
  return html`${view.prose(text)}${source}`
}
