import { PGlite } from '@electric-sql/pglite'
import { expect, test } from 'vitest'
import { baseOf, levels, samplesOf } from '../../search-terms/codes.ts'
import { englishStem } from '../../search-terms/english-stem.ts'
import { fold } from '../../search-terms/fold.ts'
import { stemOf } from '../../search-terms/stems.ts'
import { analyze, wordsOf } from '../../search-terms/words.ts'
import { snippetMaker } from './snippet.ts'

test.each([
  ['Sea-ice EXTENT, 1979–2024', ['sea', 'ice', 'extent', '1979', '2024']],
  ["NOAA's data", ['noaa', 'data']],
  ['Ångström données ﬁsh CO₂ Straße', ['angstrom', 'donnees', 'fish', 'co2', 'strasse']],
  ['海洋気温データ', ['海洋', '洋気', '気温', '温デ', 'デー', 'ータ']],
  ['Ωκεανός Океан', ['ωκεανοσ', 'океан']],
  ['\0 ** :: !', []],
])('splits %j into words', (text, words) => {
  expect(wordsOf(text)).toEqual(words)
})

test('finds other spellings of names with numbers', () => {
  expect(analyze('Sentinel-2 and ERA5 by X-ray').spellings).toEqual(['sentinel2', 'xray', 'era', '5'])
  expect(analyze('ArcticDEM, OpenNeuroDB and NOAA').spellings).toEqual([
    'arctic',
    'dem',
    'open',
    'neuro',
    'db',
  ])
})

test.each([
  ['colour', 'colors'],
  ['normalised', 'normalized'],
  ['catalogue', 'catalogs'],
  ['palaeoclimate', 'paleoclimate'],
  ['kilometre', 'kilometers'],
  ['programmes', 'program'],
  ['characterisation', 'characterization'],
])('%s and %s are the same word', (a, b) => {
  expect(stemOf(a)).toBe(stemOf(b))
})

test('folding twice changes nothing', () => {
  for (const text of ['Ünïcode’s', 'ŁÓDŹ', 'ﬀ', '½', '한국어', 'İstanbul'])
    expect(fold(fold(text))).toBe(fold(text))
})

const sample =
  `generalization generalizations skies skis dying news proceed proceeding inning relational conditional rational
  digitizer conformable radically vietnamization predication operator feudalism decisiveness hopefulness callousness
  formality sensitivity sensibility triplicate formative formalize electricity electrical hopeful goodness revival
  allowance inference airliner gyroscopic adjustable defensible irritant replacement adjustment dependent adoption
  communism activate angularity effective bowdlerize probate rate cease controlling rolling happy say enjoyment
  monitoring observations temperatures precipitation biodiversity agencies glaciers archives hydrology ponies caresses
  cats agreed feed plastered motoring hopping tanned falling hissing fizzed failing filing communication general
  generously arsenal universities fluently sky only early gently idly youth yellow boy beautifully geology analogies
  oceanographic measured measurements classes gases gas kiwis luxuriating luxury flies tied yyyy`.split(/\s+/)

test('stems words as PostgreSQL does', async () => {
  await using database = await PGlite.create()
  const { rows } = await database.query<{ word: string; stem: string[] }>(
    `SELECT word, ts_lexize('english_stem', word) AS stem FROM unnest($1::text[]) AS word`,
    [sample],
  )
  for (const { word, stem } of rows)
    if (stem.length > 0) expect(`${word} ${englishStem(word)}`).toBe(`${word} ${stem[0]}`)
})

test('codes are whole numbers with room for every impact', () => {
  for (let i = 0; i < 10_000; i++) {
    const base = baseOf(`word ${i}`)
    expect(base % levels).toBe(0)
    expect(Number.isSafeInteger(base + levels)).toBe(true)
  }
})

test('puts an eighth and a sixty-fourth of the records into samples', () => {
  const drawn = Array.from({ length: 40_000 }, (_, i) => samplesOf(`at://did:plc:x/c/${i}`).length)
  const share = (least: number) => drawn.filter((n) => n >= least).length / drawn.length
  expect(share(1)).toBeCloseTo(1 / 8, 2)
  expect(share(2)).toBeCloseTo(1 / 64, 2)
})

test('a snippet begins where the words stand closest together', () => {
  const text = `${'Nothing of note. '.repeat(40)}Monthly sea ice extents of both poles, by satellite. ${'More of it. '.repeat(40)}`
  const snippet = snippetMaker(['ice', 'extent'])(text)
  expect(snippet).toContain('sea ice extents')
  expect(snippet!.length).toBeLessThan(300)
  expect(snippetMaker(['volcano'])(text)).toBeUndefined()
  expect(snippetMaker(['the'])(text)).toBeUndefined()
})

test('a snippet is plain text', () => {
  const text = '## About\n\n- The **ice** of [both poles](https://example.org/ice), as `extent`'
  expect(snippetMaker(['poles'])(text)).toBe('About The ice of both poles, as extent')
})

test('a snippet shows no marks of emphasis and tables', () => {
  const text = 'Two poles, *one file a year*, 2 * 3.\n\n| column | unit |\n|:--|--:|\n| extent | km² |'
  expect(snippetMaker(['poles'])(text)).toBe('Two poles, one file a year, 2 * 3. column unit extent km²')
})

test('makes a snippet of hostile text quickly', () => {
  for (const text of [
    '['.repeat(50_000),
    '[a]('.repeat(20_000),
    '**'.repeat(50_000),
    `ice${' '.repeat(50_000)}`,
  ]) {
    const begun = performance.now()
    snippetMaker(['ice'])(text)
    expect(performance.now() - begun).toBeLessThan(1_000)
  }
})

// A description may have half a megabyte, for which quadratic time would be minutes in the main thread.
test.each(['x', 'xX', "x'", 'x-', 'é', '漢', 'ก'])(
  'splits a text of nothing but %s in time linear in its length',
  (shape) => {
    const started = performance.now()
    analyze(`aB o'b ${shape.repeat(300_000 / shape.length)}`)
    expect(performance.now() - started).toBeLessThan(5_000)
  },
)
