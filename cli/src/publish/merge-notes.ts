import { shorten } from '../output/shorten.ts'
import { plain } from '../output/terminal.ts'
import type { Merged, Replaced } from '../records/merge.ts'

/** The fields that a merge kept, replaced and removed; each list is absent if it would be empty. */
export interface MergeNotes {
  readonly kept?: readonly string[]
  readonly replaced?: readonly Replaced[]
  readonly removed?: readonly string[]
}

export function notesOf({ kept, replaced, removed }: Merged): MergeNotes {
  return {
    ...(kept.length > 0 && { kept }),
    ...(replaced.length > 0 && { replaced }),
    ...(removed.length > 0 && { removed }),
  }
}

/** The notes as sentences. `source` is where the statement came from, such as `META` or `the catalog`. */
export function describeNotes({ kept, replaced, removed }: MergeNotes, source: string): string[] {
  return [
    kept &&
      `kept as the record has it: ${kept.map(plain).join(', ')} (--replace-fields replaces it with what ${source} says)`,
    replaced &&
      `replaced, because this machine has no record of whether you changed it: ${replaced
        .map(({ field, was }) => `${plain(field)} (it was ${shorten(plain(JSON.stringify(was)), 200)})`)
        .join(', ')}`,
    removed && `removed, since ${source} no longer says it: ${removed.map(plain).join(', ')}`,
  ].filter((line) => line !== undefined)
}
