/**
 * Tests an index as it runs on the internet, which contacts no private address. Its records come from an archive,
 * because no PDS on a test machine has a public address.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { collections } from '@holdfast/lexicons/nsid'
import { createTorrent } from '@holdfast/torrent/create'
import { expect, test } from 'vitest'
import { startNetwork } from '../network/network.ts'
import { SignedRepo } from '../network/signed-repo.ts'
import { waitFor } from '../network/wait-for.ts'
import { environmentFor } from '../system/environment.ts'
import { answering, startProgram } from '../system/program.ts'
import { scratchDirectory } from '../system/scratch.ts'
import { query } from '../system/xrpc.ts'

const entry = fileURLToPath(new URL('../../appview/bin/holdfast-appview.mjs', import.meta.url))

interface Answers {
  getRecordStatus: { status: string; warnings: { code?: string; message?: string }[] }
  getTorrent: { torrents: { webseeds?: { url: string }[] }[] }
}

test('a webseed on a private host is reported and ignored, and the others are used', async () => {
  await using network = await startNetwork()
  await using directory = await scratchDirectory()
  const archive = join(directory.path, 'archive')
  await mkdir(join(archive, 'blobs'), { recursive: true })
  const repo = await SignedRepo.create({ plc: network.plc, pdsUrl: 'https://pds.example.com' })
  const lured = await addTorrent('lured', ['http://192.168.1.5/lured', 'https://data.example.com/lured'])
  const sound = await addTorrent('sound', ['https://data.example.com/sound'])
  await writeFile(join(archive, `${repo.did.replaceAll(':', '_')}.car`), await repo.car())

  const { HOLDFAST_ALLOW_PRIVATE_HOSTS: _, ...env } = await environmentFor(network, {
    sources: [network.relayUrl],
    directory: directory.path,
  })
  const operator = { ...env, HOLDFAST_ADMISSION: 'open' }
  await using rebuild = startProgram(entry, {
    args: ['rebuild', '--yes', '--from-archive', archive],
    env: operator,
  })
  await waitFor(() => rebuild.process.exitCode !== null, { what: 'the rebuild to end' })
  expect(rebuild.process.exitCode, rebuild.output()).toBe(0)
  await using appView = startProgram(entry, { args: ['serve'], env: operator })
  await answering(appView, `${env.HOLDFAST_APPVIEW_URL}/health`)
  const ask = <Method extends keyof Answers>(method: Method, uri: string) =>
    query<Answers[Method]>(env.HOLDFAST_APPVIEW_URL, method, { uri })

  const told = await ask('getRecordStatus', lured)
  expect(told).toMatchObject({ status: 'indexed', warnings: [{ code: 'private-webseed-dropped' }] })
  expect(told.warnings[0]!.message).toContain('private address')
  expect((await ask('getTorrent', lured)).torrents[0]?.webseeds?.map(({ url }) => url)).toEqual([
    'https://data.example.com/lured',
  ])
  expect(await ask('getRecordStatus', sound)).toMatchObject({ status: 'indexed', warnings: [] })

  /** Stores the metainfo with the repository and writes its record; returns the AT-URI. */
  async function addTorrent(name: string, webseeds: readonly string[]): Promise<string> {
    const file = join(directory.path, name)
    await writeFile(file, `the data of ${name}`)
    const torrent = await createTorrent([file], {})
    const metainfo = await repo.addBlob(torrent.metainfo, 'application/x-bittorrent')
    await writeFile(join(archive, 'blobs', metainfo.ref.toString()), torrent.metainfo)
    const record = {
      $type: collections.torrent,
      createdAt: new Date().toISOString(),
      name,
      infoHashV1: torrent.infoHashV1!,
      infoHashV2: torrent.infoHashV2!,
      metainfo,
      webseeds: webseeds.map((url) => ({ url, kind: 'bep19' })),
    }
    await repo.create(collections.torrent, name, record)
    return `at://${repo.did}/${collections.torrent}/${name}`
  }
})
