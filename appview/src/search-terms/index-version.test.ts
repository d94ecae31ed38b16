import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { indexVersion } from '../store/index-version.ts'
import { datasetTerms } from './dataset-terms.ts'

const sample = {
  title: 'Données of the Ōkinawa glacier, 2023 edition',
  description: 'Sea-ice extent; 서울의 데이터, 東京 and data.csv of café O’Brien.',
  publisher: { name: 'National Snow and Ice Data Center' },
  creators: [{ name: 'Florence Fetterer' }],
  identifiers: [{ scheme: 'doi', value: '10.5067/SEAICE' }],
}
const described = {
  ...{ title: sample.title, publisher: sample.publisher.name, license: 'CC0-1.0', risk: 'endangered' },
  ...{ scarcity: 'unique', gone: null, keywords: ['cryosphere'], formats: ['text/csv'], size: 5 },
}

test('changing the codes of records requires a new version of the index', async () => {
  const { codes } = await datasetTerms(sample, {
    uri: 'at://did:plc:a/dataset/b',
    did: 'did:plc:a',
    ...described,
  })
  const hash = createHash('sha256')
    .update(JSON.stringify(codes.map(String)))
    .digest('hex')
    .slice(0, 16)
  // When this fails, new records get other codes than old ones had. Raise the version, and write both here.
  expect({ indexVersion, hash }).toEqual({ indexVersion: 1, hash: 'b28ddcc85b5be627' })
})
