import { ConfigError } from '@holdfast/runtime/operator-error'
import { expect, test } from 'vitest'
import { loadConfig, loadOperatorConfig } from './config.ts'

test('reports all problems at once, each with what to write instead', () => {
  const env = {
    HOLDFAST_ROLES: 'api,cook',
    HOLDFAST_SOURCES: 'https://relay.example.org',
    HOLDFAST_BACKFILL: 'relay.example.org',
    HOLDFAST_DATABASE_URL: 'localhost/holdfast',
    HOLDFAST_PORT: '70000',
    HOLDFAST_ADMISSION: 'closed',
    HOLDFAST_TRACKERS: 'tracker.example.org',
    HOLDFAST_DHT: 'perhaps',
    HOLDFAST_DHT_NODES: 'dht.example.org',
    HOLDFAST_STUN_SERVERS: 'stun.example.org',
    HOLDFAST_TRUSTED_PROXIES: '10.0.0.0/99',
    HOLDFAST_MAX_METAINFO_SIZE: '10',
    HOLDFAST_REPLAY: 'a week',
    HOLDFAST_MAX_STREAMS: 'many',
    HOLDFAST_SEARCH_MEMORY: 'half',
    HOLDFAST_AUTHORITIES: 'Holdfast',
    HOLDFAST_ALLOW_PRIVATE_HOSTS: 'maybe',
    HOLDFAST_REDIS_URL: 'localhost',
  }
  const error = problemsOf(env)
  expect(error).toBeInstanceOf(ConfigError)
  for (const name of Object.keys(env)) expect(error?.message, name).toContain(`${name}=`)
  expect(error?.message).toContain('jetstream+wss://host')
  expect(error?.problems).toHaveLength(Object.keys(env).length)
})

test('an empty list of sources is reported', () => {
  expect(problemsOf({ HOLDFAST_SOURCES: ' , ' })?.message).toContain('names no source')
})

test('by default, records of public sources are reviewed and private hosts refused', () => {
  expect(loadConfig({})).toMatchObject({
    admission: 'reviewed',
    allowPrivateHosts: false,
    port: 3000,
    adminToken: undefined,
  })
})

test('with private hosts allowed, the policy is `open` unless another is set', () => {
  expect(loadConfig({ HOLDFAST_ALLOW_PRIVATE_HOSTS: 'true' }).admission).toBe('open')
  expect(loadConfig({ HOLDFAST_ALLOW_PRIVATE_HOSTS: 'true', HOLDFAST_ADMISSION: 'accounts' }).admission).toBe(
    'accounts',
  )
})

test('sources are read as streams or as hints', () => {
  expect(loadConfig({ HOLDFAST_SOURCES: 'wss://a.example/, jetstream+wss://b.example' }).sources).toEqual([
    { kind: 'firehose', url: 'wss://a.example' },
    { kind: 'jetstream', url: 'wss://b.example' },
  ])
})

test('by default hints of a Jetstream are followed, and a relay lists who has records', () => {
  const { sources, backfill } = loadConfig({})
  expect(sources).toMatchObject([{ kind: 'jetstream' }])
  expect(backfill).toMatchObject([expect.stringMatching(/^https:\/\/relay/)])
})

test('unless told otherwise, the relays and PDSes that are followed are listed', () => {
  const HOLDFAST_SOURCES = 'wss://a.example,ws://b.example'
  expect(loadConfig({ HOLDFAST_SOURCES }).backfill).toEqual(['https://a.example', 'http://b.example'])
  expect(loadConfig({ HOLDFAST_SOURCES, HOLDFAST_BACKFILL: 'wss://c.example/' }).backfill).toEqual([
    'https://c.example',
  ])
  expect(loadConfig({ HOLDFAST_BACKFILL: 'off' }).backfill).toEqual([])
})

test('a process has all roles, or some of them beside others on one database', () => {
  expect([...loadConfig({}).roles]).toEqual(['api', 'ingest', 'swarms'])
  const some = { HOLDFAST_ROLES: 'ingest, swarms' }
  expect([...loadConfig({ ...some, HOLDFAST_DATABASE_URL: 'postgres://db/index' }).roles]).toEqual([
    'ingest',
    'swarms',
  ])
  expect(problemsOf(some)?.message).toContain('set HOLDFAST_DATABASE_URL')
  expect(problemsOf({ HOLDFAST_ROLES: ',' })?.message).toContain('names no role')
})

test('the default tracker runs on the AppView’s host', () => {
  expect(
    loadConfig({ HOLDFAST_PUBLIC_URL: 'https://data.example.org', HOLDFAST_TRACKER_PORT: '80' }).trackers,
  ).toEqual([
    'http://data.example.org:80/announce',
    'udp://data.example.org:6969/announce',
    'ws://data.example.org:80',
  ])
})

test('asks the DHT only when enabled, through the usual nodes unless others are set', () => {
  expect(loadConfig({}).dhtNodes).toBeUndefined()
  expect(loadConfig({ HOLDFAST_DHT_NODES: '192.0.2.1:6881' }).dhtNodes).toBeUndefined()
  expect(loadConfig({ HOLDFAST_DHT: 'on' }).dhtNodes).toContainEqual({
    host: 'router.bittorrent.com',
    port: 6881,
  })
  expect(loadConfig({ HOLDFAST_DHT: 'on', HOLDFAST_DHT_NODES: '192.0.2.1:6881' }).dhtNodes).toEqual([
    { host: '192.0.2.1', port: 6881 },
  ])
})

test('the operator’s commands find the AppView on this machine', () => {
  expect(loadOperatorConfig({ HOLDFAST_PORT: '4000', HOLDFAST_ADMIN_TOKEN: 't' })).toEqual({
    url: 'http://127.0.0.1:4000',
    token: 't',
  })
})

test('the operator’s commands need a token', () => {
  expect(() => loadOperatorConfig({})).toThrow('HOLDFAST_ADMIN_TOKEN')
})

function problemsOf(env: Record<string, string>): ConfigError | undefined {
  try {
    loadConfig(env)
    return undefined
  } catch (error) {
    return error as ConfigError
  }
}
