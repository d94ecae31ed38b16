import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** The U.S. Census Bureau's cartographic boundaries (2017), as published in the npm package `us-atlas` (ISC). */
const files = ['counties-10m.json', 'states-10m.json', 'nation-10m.json', 'README.md', 'LICENSE']

const metadata = {
  rkey: 'us-census-cartographic-boundaries-2017',
  title: 'Cartographic boundaries of the United States, 2017',
  description:
    'Boundaries of the nation, its states and its counties, 2017 edition, simplified to 1:10,000,000 and quantized as TopoJSON. Made by Mike Bostock from the cartographic boundary shapefiles of the U.S. Census Bureau, which are in the public domain.',
  creators: [{ name: 'U.S. Census Bureau', url: 'https://www.census.gov' }, { name: 'Mike Bostock' }],
  publisher: { name: 'U.S. Census Bureau', url: 'https://www.census.gov' },
  homepage: 'https://www.census.gov/geographies/mapping-files/time-series/geo/carto-boundary-file.html',
  identifiers: [{ scheme: 'uri', value: 'https://www.npmjs.com/package/us-atlas' }],
  license: {
    spdx: 'ISC',
    text: 'The TopoJSON is ISC-licensed; the Census Bureau’s data is in the public domain.',
  },
  keywords: [
    { name: 'census' },
    { name: 'boundaries' },
    { name: 'counties' },
    { name: 'states' },
    { name: 'geography' },
  ],
  spatial: { name: 'United States' },
  issued: '2017',
  formats: [
    { mediaType: 'application/json', conformsTo: 'https://github.com/topojson/topojson-specification' },
  ],
  risk: {
    level: 'watchlist',
    reason: 'An example, not an alarm: federal open data has been taken down before.',
  },
  scarcity: 'external-confirmed',
}

/** Writes the dataset into a directory, with its metadata next to it, as a person who saved it would. */
export async function layOutDataset(
  directory: string,
): Promise<{ root: string; metadataFile: string; title: string }> {
  const source = dirname(createRequire(import.meta.url).resolve('us-atlas/package.json'))
  const root = join(directory, 'us-atlas')
  await mkdir(root, { recursive: true })
  for (const file of files) await copyFile(join(source, file), join(root, file))
  const metadataFile = join(directory, 'dataset.json')
  await writeFile(metadataFile, JSON.stringify(metadata, null, 2))
  return { root, metadataFile, title: metadata.title }
}
