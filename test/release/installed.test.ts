import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { getDataset } from '@holdfast/lexicons'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Built, buildPackages, published } from '../../scripts/release/pack.ts'
import { startNetwork } from '../network/network.ts'
import { waitFor } from '../network/wait-for.ts'
import { environmentFor } from '../system/environment.ts'
import { answering, startProgram } from '../system/program.ts'
import { putRecord } from '../system/publish.ts'
import { needs } from '../system/requirements.ts'
import { scratchDirectory } from '../system/scratch.ts'
import { query } from '../system/xrpc.ts'

const run = promisify(execFile)
const repository = join(import.meta.dirname, '../..')
const hasTools = needs('packages as strangers install them', 'the development tools')

describe.skipIf(!hasTools)('the packages, installed in an empty folder', () => {
  let built: Built
  let packed: Awaited<ReturnType<typeof scratchDirectory>>
  let folder: Awaited<ReturnType<typeof scratchDirectory>>
  beforeAll(async () => {
    packed = await scratchDirectory()
    folder = await scratchDirectory()
    built = buildPackages(published)
    await writeFile(join(folder.path, 'package.json'), '{"private": true, "type": "module"}')
    await install(folder.path, built.pack(packed.path))
  })
  afterAll(async () => {
    built?.[Symbol.dispose]()
    await folder?.[Symbol.asyncDispose]()
    await packed?.[Symbol.asyncDispose]()
  })

  const bin = (name: string) => join(folder.path, 'node_modules/.bin', name)
  const holdfast = async (...args: string[]) =>
    (await run(bin('holdfast'), args, { cwd: folder.path })).stdout

  test('the command runs, with the lexicons that its template is made from', async () => {
    expect(await holdfast('--version')).toBe(`${await versionHere()}\n`)
    expect(await holdfast('--help')).toContain('Usage: holdfast [options] [command]')
    expect(await holdfast('dataset', 'new')).toContain('#license: {spdx:')
  })

  test('the libraries run an example beside the command', async () => {
    await writeFile(join(folder.path, 'levels.csv'), 'day,cm\n1,312\n')
    const created = JSON.parse(await holdfast('torrent', 'create', 'levels.csv', '--json'))
    await writeFile(join(folder.path, 'example.js'), example)
    const ran = await run(process.execPath, ['example.js'], { cwd: folder.path })
    expect(ran.stdout.trim().split('\n')).toEqual([created.infoHashV2, 'true', 'sources/0/url'])
  })

  test('an AppView indexes a record, and keeps it when it is upgraded', async () => {
    await using network = await startNetwork()
    await using data = await scratchDirectory()
    const env = await environmentFor(network, { sources: [network.relayUrl], directory: data.path })
    const url = env.HOLDFAST_APPVIEW_URL
    const uri = await putRecord(network.accounts[0]!, {
      collection: 'dataset',
      rkey: 'levels',
      record: { title: 'Water levels' },
    })
    const serve = () => startProgram(bin('holdfast-appview'), { args: ['serve'], env })
    const titleOf = async () =>
      (await query<getDataset.$OutputBody>(url, 'getDataset', { uri })).dataset.record.title

    {
      await using appView = serve()
      await answering(appView, `${url}/health`)
      await waitFor(() => titleOf().catch(() => undefined), { what: 'the record to be indexed' })
      expect(await appView.stop()).toBe(0)
    }
    await install(folder.path, built.pack(packed.path, '99.0.0'))
    // Nothing is followed any more: what is shown was kept.
    await using upgraded = startProgram(bin('holdfast-appview'), {
      args: ['serve'],
      env: { ...env, HOLDFAST_SOURCES: 'ws://127.0.0.1:9' },
    })
    await answering(upgraded, `${url}/`)
    expect(await titleOf()).toBe('Water levels')
    expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ version: '99.0.0' })
  })

  test('the tracker runs', async () => {
    const { stdout } = await run(bin('holdfast-tracker'), ['--help'], { cwd: folder.path })
    expect(stdout).toContain('HOLDFAST_TRACKER_PORT')
  })

  test.each([
    ['lexicons', 15],
    ['tracker', 30],
    ['cli', 70],
    ['appview', 145],
  ])('%s and all that it brings take at most %i MB', async (workspace, limit) => {
    const args = ['ls', '--parseable', '--all', '--omit=dev', '--workspace', workspace]
    const { stdout } = await run('npm', args, { cwd: repository })
    // Ours as they are installed, the others as they lie here.
    const folders = stdout.split('\n').flatMap((path) => {
      const [, name] = path.split('/node_modules/')
      if (name === undefined) return []
      return name.startsWith('@holdfast/') ? join(folder.path, 'node_modules', name) : path
    })
    expect(folders.length).toBeGreaterThan(5)
    expect((await sizeOf(folders)) / 1e6).toBeLessThan(limit)
  })
})

async function versionHere(): Promise<string> {
  return JSON.parse(await readFile(join(repository, 'cli/package.json'), 'utf8')).version
}

/** Without what a machine may leave out: building WebRTC would take a minute where no binary can be downloaded. */
async function install(folder: string, tarballs: readonly string[]): Promise<void> {
  const options = ['--omit=optional', '--no-audit', '--no-fund', '--prefer-offline']
  await run('npm', ['install', ...options, ...tarballs], { cwd: folder })
}

/** The bytes that packages take on the disk, without those below them. */
async function sizeOf(folders: readonly string[]): Promise<number> {
  const args = ['--summarize', '--dereference-args', '--block-size=1', '--exclude=node_modules', '--total']
  const { stdout } = await run('du', [...args, ...folders.map((folder) => `${folder}/.`)])
  return Number.parseInt(stdout.trim().split('\n').at(-1)!, 10)
}

const example = `
import { readFileSync } from 'node:fs'
import { collections } from '@holdfast/lexicons/nsid'
import { validateRecordJson } from '@holdfast/lexicons/validate'
import { parseMetainfo } from '@holdfast/torrent/metainfo'

console.log(parseMetainfo(readFileSync('levels.csv.torrent')).infoHashV2)
const record = { $type: collections.dataset, title: 'Levels', createdAt: new Date().toISOString() }
console.log(validateRecordJson(collections.dataset, record).ok)
console.log(validateRecordJson(collections.dataset, { ...record, sources: [{ url: 'no address' }] }).field)
`
