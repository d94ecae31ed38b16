/** Tests what can be told of `deploy/compose.yaml` without Docker. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readConfig as readAppViewConfig } from '@holdfast/appview/config'
import { readConfig as readTrackerConfig } from '@holdfast/tracker/config'
import { expect, test } from 'vitest'
import { parse } from 'yaml'

const folder = join(import.meta.dirname, '../../deploy')
const text = readFileSync(join(folder, 'compose.yaml'), 'utf8')
const compose = parse(text, { merge: true }) as Compose
const services = Object.entries(compose.services)

interface Service {
  image: string
  build?: { context: string; dockerfile: string }
  read_only?: boolean
  privileged?: boolean
  cap_drop?: string[]
  security_opt?: string[]
  healthcheck?: { test: string[] }
  depends_on?: Record<string, { condition: string }>
  environment: Record<string, string>
  networks?: string[]
  network_mode?: string
  ports?: string[]
  volumes: string[]
}

interface Compose {
  services: Record<string, Service>
  networks: Record<string, { ipam?: { config: { subnet: string }[] } }>
  volumes: Record<string, null>
}

test.each(services)('%s can write to its volumes only, and gains no privileges', (_, service) => {
  expect(service).toMatchObject({
    read_only: true,
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
  })
  expect(service.privileged).toBeUndefined()
})

test.each(services)('%s says whether it is healthy, and its image has a version', (_, service) => {
  expect(service.image).toMatch(/:\d+(?:\.\d+)*(?:-\w+)?$/)
  const dockerfile = service.build && join(folder, service.build.context, service.build.dockerfile)
  const image = dockerfile ? readFileSync(dockerfile, 'utf8') : ''
  expect(service.healthcheck?.test[0] ?? /^HEALTHCHECK .*\n\s+(CMD) \["node"/m.exec(image)?.[1]).toBe('CMD')
})

test('the images of ours have the version of the packages', () => {
  for (const [name, { image, build }] of services) {
    if (!build) continue
    const { version } = JSON.parse(readFileSync(join(folder, '..', name, 'package.json'), 'utf8'))
    expect(image).toBe(`holdfast-${name}:${version}`)
  }
})

test('what services refer to is there', () => {
  for (const [, { depends_on = {}, networks = [], volumes, network_mode }] of services) {
    for (const [other, { condition }] of Object.entries(depends_on)) {
      expect(compose.services).toHaveProperty(other)
      expect(['service_started', 'service_healthy']).toContain(condition)
    }
    for (const network of networks) expect(compose.networks).toHaveProperty(network)
    // A network of one's own and the host's exclude each other.
    expect(networks.length > 0).toBe(network_mode === undefined)
    for (const volume of volumes) {
      const [from = ''] = volume.split(':')
      if (from.startsWith('.')) expect(existsSync(join(folder, from))).toBe(true)
      else expect(compose.volumes).toHaveProperty(from)
    }
  }
})

test('deploy/.env.example has the four variables that compose.yaml asks for', () => {
  const asked = [...text.matchAll(/\$\{(\w+)/g)].map(([, name]) => name)
  const lines = readFileSync(join(folder, '.env.example'), 'utf8').trim().split('\n')
  expect(lines).toHaveLength(4)
  expect(lines.map((line) => line.split('=')[0]).sort()).toEqual([...new Set(asked)].sort())
})

test('the AppView and the tracker read what compose.yaml sets', () => {
  const { appview, tracker } = compose.services
  const { config, inForce } = readAppViewConfig(filled(appview!))
  const unread = (service: Service, read: readonly { name: string }[]) =>
    Object.keys(service.environment).filter((name) => !read.some((each) => each.name === name))
  expect(unread(appview!, inForce)).toEqual([])
  expect(unread(tracker!, readTrackerConfig(filled(tracker!)).inForce)).toEqual([])
  expect(config).toMatchObject({
    adminToken: 'ADMIN_TOKEN-here',
    databaseUrl: 'postgres://holdfast:DATABASE_PASSWORD-here@database/holdfast',
    publicUrl: 'https://domain-here',
    trackers: [
      'https://domain-here/announce',
      'udp://domain-here:6969/announce',
      'wss://domain-here/announce',
    ],
    trustedProxies: [compose.networks.appview!.ipam!.config[0]!.subnet],
  })
  expect(readTrackerConfig(filled(tracker!)).config).toMatchObject({
    adminToken: config.adminToken,
    isPublic: true,
    appviewUrls: [`http://${appview!.ports![0]!.replace(/:\d+$/, '')}`],
  })
})

test('the AppView and the tracker read the settings of docs/deploy.md', () => {
  const manual = readFileSync(join(folder, '../docs/deploy.md'), 'utf8')
  const settingsOf = (program: string): Record<string, string> => {
    const [, lines = ''] = new RegExp(`/${program}\\.env\`:\n\n\`\`\`sh\n([^\`]*)\`\`\``).exec(manual) ?? []
    return Object.fromEntries(
      lines
        .trim()
        .split('\n')
        .map((line) => line.split(/=(.*)/).slice(0, 2)),
    )
  }
  const { config, inForce } = readAppViewConfig(settingsOf('appview'))
  expect(config).toMatchObject({ host: '127.0.0.1', publicUrl: 'https://data.example.org' })
  const tracker = readTrackerConfig(settingsOf('tracker'))
  expect(tracker.config).toMatchObject({ isPublic: true, appviewUrls: [`http://127.0.0.1:${config.port}`] })
  for (const [program, read] of [
    ['appview', inForce],
    ['tracker', tracker.inForce],
  ] as const) {
    const set = read.filter(({ from }) => from === 'environment').map(({ name }) => name)
    expect(set.sort()).toEqual(Object.keys(settingsOf(program)).sort())
  }
})

/** The environment of a service, with the variables of `.env` filled in. */
function filled({ environment }: Service): Record<string, string> {
  const fill = (value: string) =>
    value.replaceAll(/\$\{(\w+)[^}]*\}/g, (_, name) => (name === 'DOMAIN' ? 'domain-here' : `${name}-here`))
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, fill(value)]))
}
