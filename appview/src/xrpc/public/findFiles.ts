import type { findFiles as schema } from '@holdfast/lexicons'
import { readSwarms } from '../../catalog/views/torrents/swarm-views.ts'
import { findFiles as search } from '../../search/files.ts'
import type { Db } from '../../store/sql.ts'
import type { Answer } from '../serve.ts'

type FileHit = schema.$OutputBody['files'][number]

/** Finds content with a file that has this Merkle root, or this path and size. */
export function findFiles(db: Db): Answer<typeof schema.main> {
  return async ({ params }) => {
    const { files, cursor } = await search(db, params)
    const swarms = await readSwarms(
      db,
      files.flatMap((file) => file.infoHashV2 ?? file.infoHashV1 ?? []),
    )
    return {
      files: files.map(({ contentId: _, ...file }) => {
        const swarm = swarms.get(file.infoHashV2 ?? file.infoHashV1 ?? '')
        return { ...file, torrents: file.torrents as FileHit['torrents'], ...(swarm && { swarm }) }
      }),
      ...(cursor && { cursor }),
    }
  }
}
