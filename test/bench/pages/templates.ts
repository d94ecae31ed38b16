/** Records with the lengths of real ones, from which the benchmark makes a million. */
import { collections } from '@holdfast/lexicons/nsid'

const words =
  'annual extent of sea ice measured by passive microwave sensors over both hemispheres with monthly means and anomalies gridded at twenty five kilometres including quality flags station metadata calibration notes and a list of known gaps in the series for use in climate models ecology hydrology and public health research the files are provided as they were received from the originating office and may hold errors that were never corrected please read the documentation before use'.split(
    ' ',
  )

/** 200 dataset records, without the numbers in their titles. */
export function templates(): object[] {
  return Array.from({ length: 200 }, (_, i) => ({
    $type: collections.dataset,
    title: text(i, 9),
    // The lengths, from a line to several screens, are those of the AWS registry, whose median is about 100 words.
    description: Array.from({ length: 1 + (i % 6) }, (_, p) =>
      text(i * 7 + p, 20 + ((i * 13 + p * 29) % 90)),
    ).join('\n\n'),
    creators: Array.from({ length: 1 + (i % 4) }, (_, n) => ({ name: `Author ${i}-${n}` })),
    publisher: { name: `Publisher ${i % 40}`, url: 'https://publisher.example.org' },
    homepage: 'https://example.org/data',
    sources: Array.from({ length: 1 + (i % 3) }, (_, n) => ({
      url: `https://data.example.org/${i}/${n}`,
      kind: 'http',
      access: 'public',
    })),
    identifiers: [{ scheme: 'doi', value: `10.1234/bench.${i}` }],
    license: { spdx: 'CC-BY-4.0', url: 'https://creativecommons.org/licenses/by/4.0/' },
    keywords: Array.from({ length: 3 + (i % 6) }, (_, n) => ({ name: words[(i + n * 11) % words.length] })),
    temporal: { start: '1980', end: '2024' },
    issued: '2019-05',
    formats: [{ mediaType: 'text/csv' }],
    createdAt: '2026-01-01T00:00:00.000Z',
  }))
}

function text(seed: number, length: number): string {
  return Array.from({ length }, (_, i) => words[(seed * 17 + i * (1 + (seed % 5))) % words.length]).join(' ')
}
