/** A small archive like one that readers would find: real kinds of data, and every form that a page must cope with. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Catalog } from '@holdfast/appview/store/open'
import { createTorrent } from '@holdfast/torrent/create'
import { datasets, soon } from './datasets.ts'
import { putAccounts, putProbe, putRecord, putSwarm, putTorrent } from './write.ts'

export const library = {
  did: 'did:plc:librarylibrarylibrarylib',
  handle: 'library.example.edu',
  pdsHost: 'https://pds.holdfast.example',
}
export const volunteer = {
  did: 'did:plc:volunteervolunteervolun',
  handle: 'volunteer.bsky.social',
  pdsHost: 'https://pds.holdfast.example',
}

export interface Sample {
  /** The URIs of the datasets by rkey. */
  datasets: Readonly<Record<string, string>>
  /** The torrents by name. */
  torrents: Readonly<Record<string, { uri: string; infoHash: string }>>
}

/** Fills a catalog. Afterwards, `directory` contains the files of its torrents. */
export async function fillSample(catalog: Catalog, directory: string): Promise<Sample> {
  await putAccounts(catalog, [library, volunteer])
  await putProfiles(catalog)
  const uris: Record<string, string> = {}
  for (const { rkey, by, value } of datasets(uris)) {
    const did = by === 'volunteer' ? volunteer.did : library.did
    uris[rkey] = await putRecord(catalog, { did, collection: 'dataset', rkey, value: value() })
  }
  const torrents = await putTorrents(catalog, { directory, uris })
  await putChecks(catalog, { uris, torrents })
  return { datasets: uris, torrents }
}

async function putProfiles(catalog: Catalog): Promise<void> {
  const description =
    'We keep what we are given, and **check it every year**. Our reading room: <https://library.example.edu/data>.'
  await putRecord(catalog, {
    did: library.did,
    collection: 'profile',
    rkey: 'self',
    value: {
      displayName: 'Example University Library',
      kind: 'library',
      url: 'https://library.example.edu',
      description,
    },
  })
}

async function putTorrents(
  catalog: Catalog,
  { directory, uris }: { directory: string; uris: Record<string, string> },
) {
  const make = async (name: string, files: Readonly<Record<string, number>>) => {
    const root = join(directory, name)
    for (const [path, sizeBytes] of Object.entries(files)) {
      await mkdir(join(root, path, '..'), { recursive: true })
      await writeFile(join(root, path), Buffer.alloc(sizeBytes, `${name}/${path}\n`))
    }
    return (await createTorrent([root], { threads: 1, pieceLengthBytes: 16_384 })).metainfo
  }
  const years = Object.fromEntries(
    Array.from({ length: 40 }, (_, i) => [`monthly/${1985 + i}/extent.csv`, 900 + i * 37]),
  )
  const ice = await make('sea-ice-extent', {
    'README.md': 1_200,
    'LICENSE.txt': 800,
    'quality/flags.csv': 5_000,
    ...years,
  })
  const old = await make('sea-ice-extent-2024', { 'README.md': 1_100, 'monthly.csv': 30_000 })
  const noise = await make('a'.repeat(120), { [`${'unbroken'.repeat(25)}.bin`]: 40_000, 'وثيقة.txt': 300 })
  const first = await putTorrent(catalog, {
    did: library.did,
    metainfo: ice,
    record: {
      datasets: [{ uri: uris['sea-ice-extent'] }],
      captured: '2026-09-14',
      tool: 'wget 1.24',
      method: 'Mirrored with `wget --mirror` over two nights; compared with the **published checksums**.',
      formats: [{ mediaType: 'text/csv' }],
      webseeds: [{ url: 'https://mirror.example.edu/sea-ice/', kind: 'bep19' }],
      trackers: [{ url: 'https://tracker.example.org/announce', tier: 0 }],
    },
  })
  const earlier = await putTorrent(catalog, {
    did: library.did,
    metainfo: old,
    record: { datasets: [{ uri: uris['sea-ice-extent'] }], captured: '2024' },
  })
  await putRecord(catalog, {
    did: library.did,
    collection: 'torrent',
    rkey: first.infoHash.slice(0, 40),
    value: {
      name: 'not yet fetched',
      infoHashV1: 'd'.repeat(40),
      datasets: [{ uri: uris['sea-ice-extent'] }],
      supersedes: { uri: earlier.uri },
    },
  })
  const strange = await putTorrent(catalog, {
    did: volunteer.did,
    metainfo: noise,
    record: { datasets: [{ uri: uris['long-name'] }] },
  })
  await putRecord(catalog, {
    did: volunteer.did,
    collection: 'webseed',
    rkey: '3m4webseed2222',
    value: {
      subject: { infoHashV2: first.infoHash },
      url: 'https://volunteer.example.net/ice/',
      kind: 'bep19',
      note: 'Until the end of the year.',
    },
  })
  return { ice: first, earlier, strange }
}

async function putChecks(
  catalog: Catalog,
  { uris, torrents }: { uris: Record<string, string>; torrents: Sample['torrents'] },
): Promise<void> {
  const growth = Array.from(
    { length: 60 },
    (_, i) =>
      [
        (59 - i) * 12,
        Math.round(3 + i / 6 + 3 * Math.sin(i / 3)),
        Math.round(2 + 2 * Math.sin(i / 5)),
      ] as const,
  )
  await putSwarm(catalog, { infoHash: torrents.ice!.infoHash, history: [...growth, [0, 14, 2]] })
  await putSwarm(catalog, {
    infoHash: torrents.earlier!.infoHash,
    history: [
      [700, 4, 0],
      [300, 2, 1],
      [100, 1, 0],
      [0, 1, 3],
    ],
  })
  await putSwarm(catalog, {
    infoHash: torrents.strange!.infoHash,
    history: [
      [700, 1, 0],
      [61, 1, 0],
      [60, 0, 1],
      [0, 0, 2],
    ],
  })
  await putProbe(catalog, {
    subject: torrents.ice!.infoHash,
    url: 'https://mirror.example.edu/sea-ice/',
    status: 'verified',
    detail: { https: true, cors: true },
  })
  await putProbe(catalog, {
    subject: torrents.ice!.infoHash,
    url: 'https://volunteer.example.net/ice/',
    status: 'mismatch',
    detail: { message: 'piece 3 has other bytes' },
  })
  await putProbe(catalog, {
    subject: uris['sea-ice-extent']!,
    url: 'https://example.gov/sea-ice',
    status: 'degraded',
    detail: { httpStatus: 503, message: 'HTTP 503' },
  })
  await putRecord(catalog, {
    did: volunteer.did,
    collection: 'assessment',
    rkey: '3m4assess22222',
    value: {
      subject: { uri: uris['sea-ice-extent'] },
      risk: {
        level: 'takedown-issued',
        reason: 'The agency was told to close the service.',
        expectedGone: soon(20),
      },
      scarcity: 'external-confirmed',
      evidence: [
        {
          url: 'https://news.example.org/closing',
          title: 'Ice data center to close',
          archivedUrl: 'https://web.archive.example/closing',
        },
      ],
      note: 'Asked the help desk: they expect to be gone **before the new year**.',
      assessedAt: '2026-11-02T10:00:00Z',
    },
  })
  await divide(catalog, uris['sea-ice-extent']!)
}

/** Divides a dataset into parts, of which one is being gathered. */
async function divide(catalog: Catalog, dataset: string): Promise<void> {
  const [, , did] = dataset.split('/')
  const parts: string[] = []
  for (const year of ['2021', '2022', '2023'])
    parts.push(
      await putRecord(catalog, {
        did: did!,
        collection: 'part',
        rkey: `sea-ice-extent-${year}`,
        value: {
          dataset: { uri: dataset },
          title: `Daily grids of ${year}`,
          urls: [{ url: `https://data.example.org/ice/${year}.zip` }],
        },
      }),
    )
  await putRecord(catalog, {
    did: volunteer.did,
    collection: 'claim',
    rkey: '3m4cla2m22222',
    value: { part: { uri: parts[0]! }, expiresAt: soon(1) },
  })
}
