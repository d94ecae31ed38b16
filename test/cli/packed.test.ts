import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { packAll } from '../../scripts/pack.ts'
import { needs } from '../system/requirements.ts'

const run = promisify(execFile)

const hasTools = needs('packages as strangers install them', 'the development tools')

test.skipIf(!hasTools)(
  'the packed command runs in an empty folder, as do the examples of its libraries',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-installed-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const tarballs = packAll('cli', folder)
    await writeFile(join(folder, 'package.json'), '{"private": true, "type": "module"}')
    await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...tarballs], { cwd: folder })

    const bin = join(folder, 'node_modules/.bin/holdfast')
    const { stdout: help } = await run(bin, ['--help'], { cwd: folder })
    expect(help).toContain('Usage: holdfast [options] [command]')
    // The package includes the lexicons, from which the template is made.
    expect((await run(bin, ['dataset', 'new'], { cwd: folder })).stdout).toContain('#license: {spdx:')
    const { stdout: version } = await run(bin, ['--version'], { cwd: folder })
    expect(version.trim()).toBe(
      JSON.parse(await readFile(new URL('../../cli/package.json', import.meta.url), 'utf8')).version,
    )

    await writeFile(join(folder, 'levels.csv'), 'day,cm\n1,312\n')
    const { stdout } = await run(bin, ['torrent', 'create', 'levels.csv', '--json'], { cwd: folder })
    await writeFile(join(folder, 'example.js'), example)
    const ran = await run(process.execPath, ['example.js'], { cwd: folder })
    expect(ran.stdout.trim().split('\n')).toEqual([JSON.parse(stdout).infoHashV2, 'true', 'sources/0/url'])
  },
)

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
