import type { BlobJson, RecordJson, Repo } from '../records/repo.ts'
import { ensureBlob } from './blobs.ts'

/** What the `description` field takes (dataset lexicon), in bytes of UTF-8. */
export const maxDescriptionBytes = 50_000

/**
 * The record with a description of any length: one that the field cannot take goes whole into a Markdown blob, its
 * first paragraphs into the field.
 */
export async function withDescription(
  repo: Repo,
  record: RecordJson,
  options: { text: string | undefined; existing: RecordJson | undefined },
): Promise<RecordJson> {
  const text = options.text ?? (record.description as string | undefined)
  if (text === undefined || Buffer.byteLength(text) <= maxDescriptionBytes)
    return text === undefined ? record : { ...record, description: text }
  const descriptionBlob = await ensureBlob(repo, Buffer.from(text), {
    mimeType: 'text/markdown',
    known: [options.existing?.descriptionBlob as BlobJson | undefined],
  })
  return { ...record, description: firstParagraphs(text), descriptionBlob }
}

/** As many whole paragraphs as fit into `maxBytes`; of one that is too long itself, as many whole words. */
export function firstParagraphs(text: string, maxBytes = 2_000): string {
  let kept = ''
  for (const paragraph of text.split(/\n{2,}/)) {
    const longer = kept === '' ? paragraph : `${kept}\n\n${paragraph}`
    if (Buffer.byteLength(longer) > maxBytes) break
    kept = longer
  }
  return kept === '' ? firstWords(text, maxBytes) : kept
}

function firstWords(text: string, maxBytes: number): string {
  const ellipsis = ' …'
  let end = 0
  let bytes = Buffer.byteLength(ellipsis)
  for (const character of text) {
    bytes += Buffer.byteLength(character)
    if (bytes > maxBytes) break
    end += character.length
  }
  const cut = text.slice(0, end)
  const space = cut.search(/\s\S*$/)
  return `${(space > 0 ? cut.slice(0, space) : cut).trimEnd()}${ellipsis}`
}
