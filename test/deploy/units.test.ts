/** Tests the systemd units of `deploy/systemd/` as far as that goes without starting them. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readConfig as readAppViewConfig } from '@holdfast/appview/config'
import { readConfig as readTrackerConfig } from '@holdfast/tracker/config'
import { expect, test } from 'vitest'
import { waitFor } from '../network/wait-for.ts'
import { needs } from '../system/requirements.ts'
import { scratchDirectory } from '../system/scratch.ts'

const hasCompiler = needs('the tracker with the sockets that its unit allows', 'a C compiler')
const hasSystemd = needs('the units as systemd reads them', 'systemd-analyze')
const folder = join(import.meta.dirname, '../../deploy/systemd')

const units = [
  { file: 'holdfast-appview.service', instance: 'holdfast-appview.service', readConfig: readAppViewConfig },
  {
    file: 'holdfast-tracker@.service',
    instance: 'holdfast-tracker@a.service',
    readConfig: readTrackerConfig,
  },
]

for (const { file, instance, readConfig } of units) {
  test.skipIf(!hasSystemd)(`systemd accepts ${file}`, async () => {
    await using scratch = await scratchDirectory()
    const path = join(scratch.path, instance)
    const text = await readFile(join(folder, file), 'utf8')
    await writeFile(path, text.replaceAll(/\/usr\/bin\/holdfast-\w+/g, process.execPath))
    const { status, stdout, stderr } = analyze('verify', path)
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  test.skipIf(!hasSystemd)(`systemd judges that ${file} exposes little (at most 1.5 of 10)`, () => {
    const { stdout, stderr } = analyze('security', '--offline=true', '--threshold=15', join(folder, file))
    expect(stderr).toBe('')
    const [, exposure] = /Overall exposure level for \S+: ([\d.]+)/.exec(stdout) ?? []
    expect(Number(exposure)).toBeGreaterThan(0)
    expect(Number(exposure)).toBeLessThanOrEqual(1.5)
  })

  test.skipIf(!hasSystemd)(`what ${file} sets is what the program reads`, async () => {
    await using scratch = await scratchDirectory()
    const text = await readFile(join(folder, file), 'utf8')
    const lines = [...text.matchAll(/^Environment=(\w+)=(.*)$/gm)]
    const env = Object.fromEntries(lines.map(([, name, value]) => [name, value!.replace('%d', scratch.path)]))
    const [, credential = ''] = /^LoadCredential=([\w-]+):/m.exec(text) ?? []
    await writeFile(join(scratch.path, credential), 'the-operator\n')
    const { config } = readConfig(env)
    const [, state] = /^StateDirectory=(\S+)$/m.exec(text) ?? []
    expect(config).toMatchObject({ adminToken: 'the-operator', dataDir: `/var/lib/${state}` })
  })
}

test.skipIf(!hasCompiler)('the tracker starts with the address families that its unit allows', async () => {
  await using scratch = await scratchDirectory()
  const wrapper = join(scratch.path, 'only-families')
  execFileSync('cc', ['-o', wrapper, join(import.meta.dirname, 'only-families.c')])
  const unit = await readFile(join(folder, 'holdfast-tracker@.service'), 'utf8')
  const [, names = ''] = /^RestrictAddressFamilies=(.*)$/m.exec(unit) ?? []
  const numbers = names.split(' ').map((name) => families[name])
  const entry = join(import.meta.dirname, '../../tracker/bin/holdfast-tracker.mjs')
  const child = spawn(wrapper, [numbers.join(','), process.execPath, entry], {
    // Without an AppView it serves nothing, but listens.
    env: {
      HOLDFAST_APPVIEW_URL: 'http://127.0.0.1:9',
      HOLDFAST_DATA_DIR: scratch.path,
      HOLDFAST_TRACKER_PORT: '0',
      HOLDFAST_TRACKER_UDP_PORT: '0',
    },
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text))
  const closed = once(child, 'close')
  await waitFor(() => said.includes('tracker is listening') || child.exitCode !== null, {
    what: 'the tracker',
  })
  child.kill('SIGTERM')
  expect({ code: (await closed)[0], said }).toMatchObject({
    code: 0,
    said: expect.stringContaining('listening'),
  })
})

/** Their numbers in Linux. */
const families: Readonly<Record<string, number>> = { AF_UNIX: 1, AF_INET: 2, AF_INET6: 10, AF_NETLINK: 16 }

function analyze(...args: string[]) {
  return spawnSync('systemd-analyze', ['--no-pager', ...args], { encoding: 'utf8' })
}
