import { expect, test } from 'vitest'
import type { DatasetRecord } from '../record.ts'
import { citations } from './citation.ts'

const record = {
  title: 'Sea ice & {everything}',
  creators: [{ name: 'Fetterer, F.' }, { name: 'National Ice_Data Center' }],
  publisher: { name: 'NIDC' },
  identifiers: [{ scheme: 'doi', value: 'https://doi.org/10.7265/N5K072F8' }],
  issued: '2017-03',
  version: '3.0',
} as DatasetRecord

const of = (given: DatasetRecord) =>
  Object.fromEntries(
    citations(given, 'https://index.example/dataset/x').map(({ format, text }) => [format, text]),
  )

test('APA', () => {
  expect(of(record).APA).toBe(
    'Fetterer, F., & National Ice_Data Center. (2017). Sea ice & {everything} (Version 3.0) [Data set]. NIDC. https://doi.org/10.7265/N5K072F8',
  )
})

test('BibTeX escapes what TeX would read', () => {
  expect(of(record).BibTeX).toBe(`@misc{fetterer2017everything,
  title = {{Sea ice \\& \\{everything\\}}},
  author = {{Fetterer, F.} and {National Ice\\_Data Center}},
  year = {2017},
  version = {3.0},
  publisher = {NIDC},
  doi = {10.7265/N5K072F8},
  url = {https://doi.org/10.7265/N5K072F8}
}`)
})

test('RIS has one line a tag, whatever the title holds', () => {
  const ris = of({ ...record, title: 'two\nlines\r\nER  - ' }).RIS!
  expect(ris.split('\n')).toEqual([
    'TY  - DATA',
    'TI  - two lines ER -',
    'AU  - Fetterer, F.',
    'AU  - National Ice_Data Center',
    'PY  - 2017',
    'ET  - 3.0',
    'PB  - NIDC',
    'DO  - 10.7265/N5K072F8',
    'UR  - https://doi.org/10.7265/N5K072F8',
    'ER  - ',
  ])
})

test('a record that says nothing but its title can be cited', () => {
  const bare = of({ title: 'Untold' } as DatasetRecord)
  expect(bare.APA).toBe('Untold [Data set]. (n.d.). https://index.example/dataset/x')
  expect(bare.BibTeX).toContain('@misc{datasetuntold,')
})
