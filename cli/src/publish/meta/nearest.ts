import { ownValue } from '@holdfast/lexicons/own-value'

/** Names that people use for fields of a dataset, with the field's own name. */
const otherNames: Readonly<Record<string, string>> = {
  abstract: 'description',
  notes: 'description',
  author: 'creators',
  authors: 'creators',
  name: 'title',
  url: 'homepage',
  website: 'homepage',
  landingpage: 'homepage',
  tags: 'keywords',
  tag: 'keywords',
  doi: 'identifiers',
  id: 'identifiers',
  date: 'issued',
  published: 'issued',
  updated: 'modified',
  rights: 'accessRights',
  place: 'spatial',
  location: 'spatial',
  geography: 'spatial',
  bbox: 'spatial',
  period: 'temporal',
  coverage: 'temporal',
  maintainer: 'contacts',
  email: 'contacts',
  download: 'sources',
  downloads: 'sources',
  distribution: 'sources',
  resources: 'sources',
  size: 'sizeBytes',
  funder: 'funding',
  type: 'kind',
  format: 'mediaType',
}

/** The known name that somebody most likely meant; undefined if none is similar. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const wanted = plain(name)
  const other = ownValue(otherNames, wanted)
  const ranked = known
    .map((candidate) => ({ candidate, distance: distanceOf(wanted, plain(candidate)) }))
    .sort((a, b) => a.distance - b.distance)
  const [best] = ranked
  if (best && best.distance <= Math.max(1, Math.floor(wanted.length / 3))) return best.candidate
  return other !== undefined && known.includes(other) ? other : undefined
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')
}

/** The number of letters that have to be inserted, removed, replaced or swapped with a neighbor (optimal string alignment). */
function distanceOf(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)]
  for (let row = 1; row <= a.length; row++) {
    const [above, twoAbove] = [rows[row - 1]!, rows[row - 2]]
    const line = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      const swapped = twoAbove && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      line.push(
        Math.min(
          above[column]! + 1,
          line[column - 1]! + 1,
          above[column - 1]! + (same ? 0 : 1),
          swapped ? twoAbove[column - 2]! + 1 : Number.POSITIVE_INFINITY,
        ),
      )
    }
    rows.push(line)
  }
  return rows[a.length]![b.length]!
}
