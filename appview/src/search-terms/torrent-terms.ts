import { baseOf, samplesOf } from './codes.ts'
import { codesOfFields, type FieldRule, pairsOf } from './impacts.ts'
import { analyze } from './words.ts'

const rules = {
  name: { weight: 6, usualWords: 6, lengthPenalty: 0.4, keepStopWords: true },
  paths: { weight: 1, usualWords: 60, lengthPenalty: 0.3 },
} satisfies Record<string, FieldRule>

/** How many characters of file paths are indexed; the first files are enough to find a torrent. */
export const pathTextLimit = 100_000
/** How many pairs of neighboring words in file paths are indexed; enough for all but the largest torrents. */
const mostPairs = 2_000

/** The codes of a torrent record: of its name, and once its metainfo is verified of the paths of its files. */
export function torrentCodes(torrent: {
  uri: string
  did: string
  name: string
  paths: readonly string[]
}): number[] {
  const paths = torrent.paths.join(' \n ').slice(0, pathTextLimit)
  const files = analyze(paths)
  const name = analyze(torrent.name)
  const words = codesOfFields([
    { rule: rules.name, text: name },
    { rule: rules.paths, text: files },
  ])
  const exact = [
    'all:',
    `author:${torrent.did}`,
    ...pairsOf(name),
    ...pairsOf(files).slice(0, mostPairs),
  ].map(baseOf)
  return [...new Set([...words, ...exact, ...samplesOf(torrent.uri)])].sort((a, b) => a - b)
}
