import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadConfig } from '@holdfast/appview/config'
import { rebuild } from '@holdfast/appview/rebuild'
import { readTermStatistics } from '@holdfast/appview/search-terms/statistics'
import { openCatalog } from '@holdfast/appview/store/open'
import { collections } from '@holdfast/lexicons/nsid'
import { tidTimeMs } from '@holdfast/lexicons/tid'
import { createTorrent } from '@holdfast/torrent/create'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { startIndex } from '../appview/index-under-test.ts'
import { startNetwork } from '../network/network.ts'
import { SignedRepo } from '../network/signed-repo.ts'
import { scratchDirectory } from '../system/scratch.ts'

const feeds = ['datasets', 'torrents'].flatMap((feed) =>
  ['rss', 'atom', 'json'].map((form) => `/feeds/${feed}.${form}`),
)

test('a rebuild gives the same bytes of every feed and the same search results', async () => {
  await using network = await startNetwork()
  await using directory = await scratchDirectory()
  const archive = join(directory.path, 'archive')
  await mkdir(join(archive, 'blobs'), { recursive: true })
  const repo = await SignedRepo.create({ plc: network.plc, pdsUrl: 'https://pds.example.com' })
  const ice = { $type: collections.dataset, title: 'Sea ice', createdAt: '2026-01-02T03:04:05.000Z' }
  const writeArchive = async () =>
    writeFile(join(archive, `${repo.did.replaceAll(':', '_')}.car`), await repo.car())
  await repo.create(collections.dataset, 'ice', ice)
  await addTorrent()
  await writeArchive()

  const dataDir = join(directory.path, 'data')
  const config = loadConfig({
    HOLDFAST_DATA_DIR: dataDir,
    HOLDFAST_PLC_URL: network.plcUrl,
    HOLDFAST_ALLOW_PRIVATE_HOSTS: 'true',
    HOLDFAST_ADMISSION: 'open',
    HOLDFAST_PORT: '0',
    HOLDFAST_PUBLIC_URL: 'https://index.example.org',
  })
  const again = async () => {
    await rebuild(config, {
      signal: AbortSignal.timeout(60_000),
      from: { archive },
      log: pino({ level: 'silent' }),
    })
    await using index = await startIndex({
      open: () => openCatalog({ dataDir }),
      env: { HOLDFAST_PUBLIC_URL: 'https://index.example.org' },
    })
    expect((await readTermStatistics(index.catalog.db, 'dataset', [])).records).toBe(1)
    return await Promise.all(feeds.map(async (path) => (await fetch(`${index.url}${path}`)).text()))
  }
  const first = await again()
  for (const body of first) expect(body).toContain(`at://${repo.did}/`)
  expect(await again()).toEqual(first)

  // The dataset was edited while no index was running: its entry shows the edit, and no rebuild reports it again,
  // whatever else has changed in the repo.
  await repo.update(collections.dataset, 'ice', { ...ice, title: 'Sea ice, again' })
  const editedMs = tidTimeMs(repo.rev)
  await writeArchive()
  const edited = await again()
  expect(datesOf(edited).published).toEqual(datesOf(first).published)
  expect(datesOf(edited).updated).toContain(new Date(editedMs!).toISOString())
  await repo.create(collections.profile, 'self', { $type: collections.profile, createdAt: ice.createdAt })
  await writeArchive()
  expect(await again()).toEqual(edited)

  async function addTorrent(): Promise<void> {
    const file = join(directory.path, 'ice.csv')
    await writeFile(file, 'year,extent')
    const { metainfo, infoHashV1, infoHashV2 } = await createTorrent([file], {})
    const blob = await repo.addBlob(metainfo, 'application/x-bittorrent')
    await writeFile(join(archive, 'blobs', blob.ref.toString()), metainfo)
    await repo.create(collections.torrent, 'ice', {
      $type: collections.torrent,
      createdAt: '2026-01-02T03:04:06.000Z',
      name: 'ice.csv',
      ...(infoHashV1 && { infoHashV1 }),
      ...(infoHashV2 && { infoHashV2 }),
      metainfo: blob,
      datasets: [{ uri: `at://${repo.did}/${collections.dataset}/ice` }],
    })
  }
})

/** When each entry of the Atom feed of datasets was published and updated. */
function datesOf(bodies: readonly string[]): { published: string[]; updated: string[] } {
  const atom = bodies[feeds.indexOf('/feeds/datasets.atom')] ?? ''
  const all = (name: string) =>
    [...atom.matchAll(new RegExp(`<${name}>([^<]+)`, 'g'))].map(([, date]) => date!)
  return { published: all('published'), updated: all('updated') }
}
