import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testBackends } from '../../testing/backends.ts'
import {
  noaa,
  openSearchableInMemory,
  put,
  type SearchableInMemory,
  shortOf,
} from '../../testing/datasets.ts'
import { searchDatasets } from './datasets.ts'

const records: Record<string, Record<string, unknown>> = {
  ko: { title: '한국의 대기질을 측정한 자료' },
  zh: { title: '長江水位記錄' },
  ja: { title: '2011年東日本大震災の津波データ' },
  th: { title: 'ปริมาณน้ำฝนรายเดือนของประเทศไทย' },
  ar: { title: 'مُعَدَّل هطول الأمطار ٢٠١٩' },
  he: { title: 'מִפְלַס הכנרת' },
  hi: { title: 'वर्षा के आँकड़े' },
  el: { title: 'Στάθμη θάλασσας' },
  ru: { title: 'Ёмкость водохранилищ' },
  uk: { title: 'Здоров’я населення' },
  okina: { title: 'Hawaiʻi coral reef survey' },
  apostrophe: { title: 'O’Brien County wells' },
  elision: { title: 'Qualité de l’air à l’île d’Yeu' },
  shy: { title: 'Climato\u00adlogy of alpine snow' },
  zwsp: { title: 'Grund\u200bwasser in Bayern' },
  wide: { title: 'Ｅｃｏｌｏｇｙ of ﬁsh, CO₂' },
  compound: { title: 'Bodenfeuchte-Messnetz' },
  adr: { title: 'NCEI accession 0225446 - ADR-016 buoys' },
  file: {
    title: 'Bundle',
    sources: [{ url: 'https://e.invalid/pub/N_197811_extent_v3.0.csv', kind: 'http' }],
  },
  doi: { title: 'Deposit', identifiers: [{ scheme: 'doi', value: '10.99999/ABC.8515(v2)' }] },
  isbn: { title: 'Atlas', identifiers: [{ scheme: 'isbn', value: '978-3-16-148410-0' }] },
  plain: { title: 'Gazetteer', identifiers: [{ scheme: 'isbn', value: '9780306406157' }] },
  ark: { title: 'Manuscript', identifiers: [{ scheme: 'ark', value: '12148/btv1b8449691v' }] },
  handle: { title: 'Handle', identifiers: [{ scheme: 'handle', value: '2027/ABC.123' }] },
  local: { title: 'Own number', identifiers: [{ scheme: 'local', value: 'GOV.NOAA:C00-1234_v2' }] },
}

describe.each(testBackends())('searching for words as people type them, on $name', ({ open }) => {
  let searchable: SearchableInMemory
  beforeAll(async () => {
    const ops = Object.entries(records).map(([rkey, record]) => put('dataset', noaa, rkey, record))
    searchable = await openSearchableInMemory(open, ({ commit }) => commit(noaa, ops))
  })
  afterAll(() => searchable[Symbol.asyncDispose]())

  test.each([
    ['ko', ['대기질', '대기', '한국', '자료', '한국 대기질']],
    ['zh', ['水', '水位', '長江 水位', '長江水位']],
    ['ja', ['津波', '2011', '東日本']],
    ['th', ['น้ำฝน', 'ปริมาณ', 'ประเทศไทย']],
    ['ar', ['معدل', 'الامطار', '2019']],
    ['he', ['מפלס']],
    ['hi', ['वर्षा', 'आँकड़े']],
    ['el', ['ΣΤΑΘΜΗ', 'θαλασσασ']],
    ['ru', ['емкость']],
    ['uk', ["здоров'я", 'здоровя']],
    ['okina', ['hawaii', 'Hawaiʻi', "Hawai'i", 'Hawai‘i reef']],
    ['apostrophe', ['OBrien', "o'brien", 'O’Brien', 'brien']],
    ['elision', ["qualite air ile d'yeu", 'yeu', 'île']],
    ['shy', ['climatology']],
    ['zwsp', ['grundwasser', 'Grund\u200bwasser']],
    ['wide', ['ecology', 'co2', 'fish']],
    ['compound', ['bodenfeuchtemessnetz', 'bodenfeuchte messnetz']],
    ['adr', ['0225446', 'ADR-016', 'adr016', '"ADR-016"']],
    ['file', ['N_197811_extent_v3.0.csv', '"N_197811_extent_v3.0.csv"', '197811']],
    [
      'doi',
      [
        '10.99999/abc.8515(v2)',
        '"10.99999/abc.8515(v2)"',
        '<https://doi.org/10.99999/ABC.8515(v2)>',
        'https://dx.doi.org/10.99999%2FABC.8515%28v2%29',
        'DOI 10.99999/abc.8515(v2)',
        '10.99999/abc.8515(v2).',
        '10.99999/abc.8515',
      ],
    ],
    ['isbn', ['978-3-16-148410-0', '9783161484100', 'ISBN 978-3-16-148410-0']],
    ['plain', ['978-0-306-40615-7', '"978-0-306-40615-7"', 'isbn:9780306406157']],
    ['ark', ['ark:/12148/btv1b8449691v', 'https://gallica.invalid/ark:/12148/btv1b-8449691v']],
    ['handle', ['hdl:2027/ABC.123', 'https://hdl.handle.net/2027/abc.123', '2027/abc.123']],
    ['local', ['GOV.NOAA:C00-1234_v2', '"gov.noaa:c00-1234_v2"', 'GOVNOAAC001234v2']],
  ])('finds %s first by each of %j', async (rkey, queries) => {
    const { catalog, memory } = searchable
    for (const q of queries) {
      for (const engine of [undefined, memory]) {
        const { hits } = await searchDatasets(catalog.db, { q }, engine)
        expect(`${q}: ${hits[0] && shortOf(hits[0].uri)}`).toBe(`${q}: noaa ${rkey}`)
      }
    }
  })
})
