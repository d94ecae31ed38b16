import { createHash } from 'node:crypto'
import { CommandError } from '../../command-error.ts'
import { readCatalog } from '../../import/catalog.ts'
import { statedTotal } from '../../import/pages.ts'
import { type Ask, parseJson } from '../ask.ts'
import type { Answer, Change, Reading, Source } from '../source.ts'
import { followingPage } from './following-page.ts'

export const jsonLdTypes = 'application/ld+json, application/json;q=0.9'

/**
 * Follows a DCAT catalog in JSON-LD over all its pages (`hydra:next` and the other ways that `nextPage` knows). The
 * vocabulary has no changes since a time, so each run reads all pages.
 */
export function dcat(url: string, ask: Ask): Source {
  async function* read({ place }: Reading): AsyncGenerator<Answer> {
    for (let address = place ? String(place.address) : url; ; ) {
      const page = await ask.text(address, { accept: jsonLdTypes })
      const document = parseJson(page)
      const catalog = readCatalog(document)
      if (!catalog) throw new CommandError('network', `${address} has no dataset in a form that can be read.`)
      const next = followingPage({ document, address, link: page.link }, url)
      yield {
        changes: catalog.entries.map((entry): Change => {
          const { sourceId, page: ownPage, modified } = namesOf(entry)
          return {
            sourceId,
            modified,
            action: 'described',
            kind: catalog.kind,
            entry,
            address: ownPage ?? address,
          }
        }),
        next: next === undefined ? undefined : { address: next },
        total: statedTotal(document),
      }
      if (next === undefined) return
      address = next
    }
  }
  return { kind: 'dcat', url, hasDates: false, read }
}

function namesOf(entry: unknown): {
  sourceId: string
  page: string | undefined
  modified: string | undefined
} {
  const { id, identifier, landingPage, url, modified, dateModified } = (entry ?? {}) as Record<
    string,
    unknown
  >
  const texts = [id, [identifier].flat()[0], landingPage, url].map((value) =>
    typeof value === 'string' && !value.startsWith('_:') ? value : undefined,
  )
  const page = [landingPage, url, id].find((value) => typeof value === 'string' && /^https?:\/\//.test(value))
  const changed = [modified, dateModified].find((value) => typeof value === 'string')
  const sourceId =
    texts.find(Boolean) ?? `sha256 ${createHash('sha256').update(JSON.stringify(entry)).digest('hex')}`
  return { sourceId, page: page as string | undefined, modified: changed as string | undefined }
}
