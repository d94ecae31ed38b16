import { openingOf } from '../import/opening.ts'
import type { BlobJson, RecordJson, Repo } from '../records/repo.ts'
import { ensureBlob } from './blobs.ts'

/** The size limit of the `description` field (dataset lexicon), in bytes of UTF-8. */
export const maxDescriptionBytes = 50_000

/**
 * The record with a description of any length. If the field cannot hold it, the full text goes into a Markdown blob,
 * and its first paragraphs into the field.
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
  return { ...record, description: openingOf(text), descriptionBlob }
}
