import { readFileSync } from 'node:fs'
import { importRegistryEntry } from '@holdfast/cli/import/formats/aws-open-data-registry'
import { registryFile } from '../relevance/registry-file.ts'
import { Random } from './random.ts'

export interface SyntheticDataset {
  title: string
  description: string
  publisher: string
  keywords: string[]
  license: string
  risk: string
  format: string
  sizeBytes: number
  seeders: number | null
  /** The time in ISO 8601. */
  createdAt: string
}

export interface SyntheticTorrent {
  name: string
  paths: string[]
  sizeBytes: number
  seeders: number | null
  createdAt: string
}

const risks = [
  'unknown',
  'unknown',
  'unknown',
  'unknown',
  'watchlist',
  'watchlist',
  'endangered',
  'takedown-issued',
  'extinct',
]
const formats = [
  'application/x-netcdf',
  'text/csv',
  'application/parquet',
  'image/tiff',
  'application/json',
  'application/x-hdf5',
  'application/zarr',
]
const licenses = ['CC0-1.0', 'CC-BY-4.0', 'CC-BY-SA-4.0', 'PDDL-1.0', 'proprietary', 'ODbL-1.0']
const startMs = Date.parse('2020-01-01T00:00:00Z')
const spanMs = 6 * 365 * 86_400_000

interface Source {
  title: string[]
  words: string[]
  publisher: string
  keywords: string[]
}

/**
 * Makes datasets from the words of the registry: each resembles about three of its entries, in runs of their own words,
 * and the rest are runs from anywhere; one word in fifty is a name that hardly any other dataset uses. So words are as
 * common, and occur together as often, as in real descriptions. The same seed makes the same corpus.
 */
export class CorpusMaker {
  readonly #random: Random
  readonly #sources: Source[]

  constructor(seed: number) {
    this.#random = new Random(seed)
    sources ??= readFileSync(registryFile(), 'utf8').trim().split('\n').map(readSource)
    this.#sources = sources
  }

  dataset(): SyntheticDataset {
    const random = this.#random
    const topics = [
      random.pick(this.#sources),
      random.pick(this.#sources),
      random.pick(this.#sources),
    ] as const
    const length = Math.min(Math.max(random.pick(this.#sources).words.length, 20), 350)
    return {
      title: [
        ...this.#run(topics[0].title, 6),
        ...this.#run(topics[1].title, 3),
        ...(random.below(2) ? [this.#rareName()] : []),
      ].join(' '),
      description: this.#text(topics, length).join(' '),
      publisher: topics[0].publisher,
      keywords: [...new Set([...topics[0].keywords.slice(0, 5), ...topics[1].keywords.slice(0, 3)])],
      license: random.pick(licenses),
      risk: random.pick(risks),
      format: random.pick(formats),
      sizeBytes: Math.floor(10 ** (3 + random.next() * 11)),
      ...this.#state(),
    }
  }

  torrent(): SyntheticTorrent {
    const random = this.#random
    const source = random.pick(this.#sources)
    const name = [...this.#run(source.title, 5), this.#rareName()].join('_')
    const stem = this.#run(source.words, 2).join('_')
    const paths = Array.from(
      { length: 1 + random.below(8) },
      (_, i) =>
        `${stem}/${this.#run(source.words, 2).join('-')}_${i}.${random.pick(['nc', 'csv', 'tif', 'flac'])}`,
    )
    return { name, paths, sizeBytes: Math.floor(10 ** (3 + random.next() * 11)), ...this.#state() }
  }

  #state() {
    const random = this.#random
    return {
      seeders: random.below(3) === 0 ? Math.floor(random.next() ** 3 * 200) : null,
      createdAt: new Date(startMs + random.next() * spanMs).toISOString(),
    }
  }

  #text(topics: readonly Source[], length: number): string[] {
    const random = this.#random
    const words: string[] = []
    while (words.length < length) {
      const draw = random.next()
      if (draw < 0.1) words.push(this.#rareName())
      else
        words.push(
          ...this.#run(
            (draw < 0.7 ? random.pick(topics) : random.pick(this.#sources)).words,
            3 + random.below(6),
          ),
        )
    }
    return words.slice(0, length)
  }

  #run(words: readonly string[], length: number): string[] {
    const start = this.#random.below(Math.max(1, words.length - length + 1))
    return words.slice(start, start + length)
  }

  /** Draws names so that a few occur often and very many once or twice. */
  #rareName(): string {
    return `x${Math.floor(this.#random.next() ** 3 * 400_000).toString(36)}`
  }
}

let sources: Source[] | undefined

function readSource(line: string): Source {
  const { record } = importRegistryEntry(JSON.parse(line), { createdAt: '2026-01-01T00:00:00.000Z' })
  const wordsOf = (text: string) =>
    text.match(/[\p{L}\p{N}][\p{L}\p{N}.'-]*[\p{L}\p{N}]|[\p{L}\p{N}]/gu) ?? []
  return {
    title: wordsOf(record.title),
    words: wordsOf((record.description ?? record.title).replaceAll(/https?:\/\/\S+/g, ' ')).slice(0, 1500),
    publisher: record.publisher?.name ?? 'Unknown',
    keywords: (record.keywords ?? []).map((keyword) => keyword.name),
  }
}
