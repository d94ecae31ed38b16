import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findBinary } from './postgres-cluster.ts'

/**
 * Which half of the tests runs. `npm`: only what `npm ci` brings, whatever else this machine has. `rest`: only what needs
 * more than that. `all`: both. The scripts in package.json choose, by vitest's `--mode`.
 */
export type Lane = 'npm' | 'rest' | 'all'

export function laneOf(env: NodeJS.ProcessEnv = process.env): Lane {
  return env.HOLDFAST_TEST_LANE === 'npm' || env.HOLDFAST_TEST_LANE === 'rest'
    ? env.HOLDFAST_TEST_LANE
    : 'all'
}

const python = '/usr/bin/python3'
const runs = (command: string, ...args: string[]): boolean => spawnSync(command, args).status === 0
const command = (name: string) => ({
  here: () => runs('which', name),
  get: `install ${name}`,
})
const pythonModule = (name: string) => ({
  here: () => runs(python, '-c', `import ${name}`),
  get: `install python3-${name}`,
})
const variable = (name: string) => ({
  here: () => (process.env[name] ?? '') !== '',
  get: `set ${name}`,
})

/** Everything that some test needs and `npm ci` does not bring: how it is recognized, and how to get it. */
const requirements = {
  PostgreSQL: variable('HOLDFAST_TEST_DATABASE_URL'),
  /** Its programs, to start servers of the test's own. */
  'PostgreSQL server': {
    here: () => ['initdb', 'pg_basebackup', 'postgres'].every((name) => findBinary(name) !== undefined),
    get: 'install postgresql',
  },
  Redis: variable('HOLDFAST_TEST_REDIS_URL'),
  aria2c: command('aria2c'),
  'transmission-cli': command('transmission-cli'),
  'transmission-create': command('transmission-create'),
  'transmission-daemon': command('transmission-daemon'),
  'transmission-remote': command('transmission-remote'),
  'qbittorrent-nox': command('qbittorrent-nox'),
  rtorrent: command('rtorrent'),
  deluged: command('deluged'),
  'deluge-console': command('deluge-console'),
  mktorrent: command('mktorrent'),
  opentracker: command('opentracker'),
  'redis-server': command('redis-server'),
  nginx: command('nginx'),
  haproxy: command('haproxy'),
  caddy: command('caddy'),
  pgbouncer: command('pgbouncer'),
  openssl: command('openssl'),
  'systemd-analyze': command('systemd-analyze'),
  python3: command('python3'),
  libtorrent: pythonModule('libtorrent'),
  feedparser: pythonModule('feedparser'),
  'HTTP::OAI': { here: () => runs('perl', '-MHTTP::OAI', '-e', '1'), get: 'install libhttp-oai-perl' },
  chromium: { here: () => existsSync('/usr/bin/chromium'), get: 'install chromium' },
  'a C compiler': { here: () => runs('cc', '--version'), get: 'install gcc' },
  'network namespaces': {
    here: () => runs('unshare', '-n', 'ip', 'link', 'set', 'lo', 'up'),
    get: 'run as root on Linux, with iproute2',
  },
  'the development tools': {
    here: () => existsSync(fileURLToPath(new URL('../../tools/node_modules', import.meta.url))),
    get: 'npm run tools',
  },
  'an old Node': { here: () => oldNode() !== undefined, get: 'have Node 20 or 22 on the PATH too' },
  /** What takes minutes and needs nothing else. */
  patience: { here: () => true, get: 'npm run test:all' },
} as const satisfies Record<string, { here(): boolean; get: string }>

export type Requirement = keyof typeof requirements

/**
 * Whether a test can run: every requirement is there, and this lane is not the one that leaves them all out. Says in one
 * line what is left out and how to run it. With `CI=true` nothing may be left out: what is missing is an error there.
 *
 * A test file calls this itself, not by way of a module: its text tells which lane it belongs to (`needsMoreThanNpm`).
 */
export function needs(what: string, ...names: readonly [Requirement, ...Requirement[]]): boolean {
  if (laneOf() === 'npm') {
    say(`${what}: npm run test:all`)
    return false
  }
  const missing = names.filter((name) => !isHere(name))
  if (missing.length === 0) return true
  const how = missing.map((name) => `${name}: ${requirements[name].get}`).join('; ')
  if (process.env.CI === 'true') throw new Error(`CI leaves nothing out, and ${what} needs ${how}`)
  say(`${what} (${how})`)
  return false
}

/** Where the tests may make databases, with the requirement `PostgreSQL` met. */
export function databaseUrl(): string {
  return process.env.HOLDFAST_TEST_DATABASE_URL ?? ''
}

/** Where the tests may keep keys of their own, with the requirement `Redis` met. */
export function redisUrl(): string {
  return process.env.HOLDFAST_TEST_REDIS_URL ?? ''
}

/** A Node on the PATH that is too old for us, which a machine may have in addition to the one that `npm ci` installs. */
export function oldNode(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).concat('/usr/bin', '/usr/local/bin')
  return folders
    .map((folder) => join(folder, 'node'))
    .find((node) => {
      const { status, stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' })
      return status === 0 && Number(/^v(\d+)/.exec(stdout)?.[1]) < 24
    })
}

/**
 * Which stores a test that is told on every store runs on in this lane. A test that the first lane leaves out for its length runs
 * on all of them in the second (`isLong`).
 */
export function storesHere({ isLong = false } = {}): { embedded: boolean; databaseUrl: string | undefined } {
  const lane = laneOf()
  if (lane === 'npm') return { embedded: true, databaseUrl: undefined }
  const server = needs('the same on PostgreSQL', 'PostgreSQL')
  // Without a server the other half of the tests has something to run all the same.
  return { embedded: lane === 'all' || !server || isLong, databaseUrl: server ? databaseUrl() : undefined }
}

/** Whether a test file, by its text, has something to run that `npm ci` alone does not bring. */
export function needsMoreThanNpm(text: string): boolean {
  return /\b(?:needs|testStores|testBackends|stores)\(/.test(text)
}

const known = new Map<Requirement, boolean>()

function isHere(name: Requirement): boolean {
  const found = known.get(name) ?? requirements[name].here()
  known.set(name, found)
  return found
}

function say(text: string): void {
  process.stderr.write(`left out: ${text}\n`)
}
