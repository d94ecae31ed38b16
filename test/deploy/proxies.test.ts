/** Tests the examples of `deploy/proxies/` in the programs they are for; only addresses, ports and paths are changed. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:https'
import { connect } from 'node:net'
import path from 'node:path'
import { Frame } from '@atproto/xrpc-server'
import { openEmbedded } from '@holdfast/appview/testing/backends'
import { methods } from '@holdfast/lexicons/nsid'
import { ownAllowList } from '@holdfast/tracker/allow-list/source'
import { loadConfig } from '@holdfast/tracker/config'
import { startTracker } from '@holdfast/tracker/main'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import WebSocket from 'ws'
import { parse } from 'yaml'
import { type IndexUnderTest, startIndex } from '../appview/index-under-test.ts'
import { freePort } from '../network/free-port.ts'
import { waitFor } from '../network/wait-for.ts'
import { needs, type Requirement } from '../system/requirements.ts'
import { scratchDirectory } from '../system/scratch.ts'

const examples = new URL('../../deploy/proxies/', import.meta.url)
const infoHashV1 = 'ab'.repeat(20)
const client = '127.0.0.7'
const appviewName = 'data.example.org'
const query = `info_hash=${'%ab'.repeat(20)}&peer_id=-XX0001-abcdefghijkl&left=0&port=1000`

/** Bytes that are not TLS, an incomplete record, and a ClientHello in which the server name has a wrong length. */
const brokenHellos = [
  '474554202f0d0a0d0a',
  '1603010005010000',
  `1603010039010000350303${'00'.repeat(32)}000002c02b0100000a00000006000500000161`,
]

interface Place {
  folder: string
  port: number
  healthPort: number
  appviewPort: number
  trackerPort: number
}

interface Proxy {
  command: Requirement
  example: string
  adapt(example: string, place: Place): string
  args(config: string, place: Place): string[]
  /** The tracker's name, where it is not one of its own. */
  trackerName?: string
}

const proxies: Record<string, Proxy> = {
  nginx: {
    command: 'nginx',
    example: 'nginx.conf',
    adapt: (example, { folder, port }) => {
      const server = example
        .replaceAll('listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
        .replaceAll('listen [::]:443 ssl', `listen [::1]:${port} ssl`)
        .replaceAll(/\/etc\/letsencrypt\/live\/(\S+)\/(?:fullchain|privkey)\.pem/g, `${folder}/$1.pem`)
        .replaceAll('/var/log/nginx', folder)
      // Debian's nginx.conf, which includes the example, does the same.
      const logs = `access_log ${folder}/access.log; error_log ${folder}/error.log;`
      return `daemon off; pid ${folder}/pid; events {} http { ${logs} ${server} }`
    },
    args: (config, { folder }) => ['-c', config, '-e', `${folder}/first-error.log`, '-p', folder],
  },
  haproxy: {
    command: 'haproxy',
    example: 'haproxy.cfg',
    adapt: (example, { folder, port }) =>
      example.replace('bind :443', `bind 127.0.0.1:${port}`).replaceAll('/etc/haproxy', folder),
    args: (config) => ['-db', '-f', config],
  },
  caddy: {
    command: 'caddy',
    example: 'Caddyfile',
    adapt: (example, { folder, port }) =>
      example
        .replace(
          /^\{$/m,
          `{\n\tadmin off\n\tskip_install_trust\n\tauto_https disable_redirects\n\tstorage file_system ${folder}`,
        )
        .replaceAll(/^(\S+\.example\.org) \{/gm, `https://$1:${port} {\n\tbind 127.0.0.1\n\ttls internal`),
    args: (config) => ['run', '--adapter', 'caddyfile', '--config', config],
  },
  // One name for both programs.
  'Caddy in compose': {
    command: 'caddy',
    example: '../docker/Caddyfile',
    trackerName: appviewName,
    adapt: (example, { folder, port, healthPort }) =>
      example
        .replace(
          /^\{$/m,
          `{\n\tskip_install_trust\n\tauto_https disable_redirects\n\tstorage file_system ${folder}`,
        )
        .replace('{$DOMAIN} {', `https://${appviewName}:${port} {\n\tbind 127.0.0.1\n\ttls internal`)
        .replace('{$CONTACT}', 'you@example.org')
        .replace('127.0.0.1:2020', `127.0.0.1:${healthPort}`),
    args: (config) => ['run', '--adapter', 'caddyfile', '--config', config],
  },
}

let index: IndexUnderTest
let hasAnyProxy = false
beforeAll(async () => {
  if (!hasAnyProxy) return
  index = await startIndex({
    open: openEmbedded,
    env: { HOLDFAST_PUBLIC_URL: `https://${appviewName}`, HOLDFAST_TRUSTED_PROXIES: '127.0.0.1,::1' },
    interfaces: [(req, res, next) => (req.path === '/seen-as' ? void res.send(req.ip) : next())],
  })
  await index.write('did:plc:aaaaaaaaaaaaaaaaaaaaaaaa', [
    { put: 'dataset', rkey: 'levels', record: { title: 'Water levels' } },
  ])
})
afterAll(() => index?.[Symbol.asyncDispose]())

for (const [name, { trackerName = 'tracker.example.org', ...proxy }] of Object.entries(proxies)) {
  const able = needs(`the programs behind ${name}`, proxy.command, 'openssl')
  hasAnyProxy ||= able
  test.skipIf(!able)(
    `behind ${name}, the tracker’s clients keep their addresses, and no log has them`,
    async () => {
      await using scratch = await scratchDirectory()
      const config = {
        ...loadConfig({ HOLDFAST_PUBLIC_URL: `https://${appviewName}` }),
        host: '127.0.0.1',
        port: 0,
        udpPort: 0,
        trustedProxies: ['127.0.0.1', '::1'],
      }
      const parts = { allowList: ownAllowList([{ infoHashV1 }]), log: pino({ level: 'silent' }) }
      const ports = { appviewPort: await freePort(), trackerPort: await freePort() }
      await using running = await startProxy(proxy, scratch.path, ports)
      const ask = (page: string, from?: string) => askFor(running.port, trackerName, page, from)
      {
        await using _tracker = await startTracker({ ...config, port: ports.trackerPort }, parts)
        await running.answers(async () => (await ask('/scrape')).status < 500)

        for (const from of [client, '127.0.0.8', client]) {
          const { body } = await ask(`/announce?${query}`, from)
          const address = from.split('.').map(Number)
          expect(body.toString('latin1')).toContain(`external ip4:${String.fromCharCode(...address)}10:`)
        }
        expect((await ask('/metrics')).status).toBe(404)
        expect((await ask('/swarms')).status).toBe(403)

        const socket = openSocket(running.port, trackerName, '/announce')
        await once(socket, 'open')
        const infoHash = Buffer.from(infoHashV1, 'hex').toString('latin1')
        const hello = {
          action: 'announce',
          info_hash: infoHash,
          peer_id: 'a'.repeat(20),
          left: 0,
          offers: [],
        }
        socket.send(JSON.stringify(hello))
        const [answer] = (await once(socket, 'message')) as [Buffer]
        expect(JSON.parse(String(answer))).toMatchObject({ action: 'announce', complete: 3 })
        socket.terminate()
      }
      for (const hello of brokenHellos) {
        const socket = connect({ host: '127.0.0.1', port: running.port, localAddress: client })
        socket.on('error', () => {})
        socket.end(Buffer.from(hello, 'hex'))
        socket.resume()
        // `once` of events is not used, because an error would end it.
        await new Promise((resolve) => socket.once('close', resolve))
      }
      // The tracker is stopped now.
      expect((await ask(`/announce?${query}`, client)).status).toBeGreaterThanOrEqual(502)
      await running.stop()
      const files = await readdir(scratch.path, { recursive: true, withFileTypes: true })
      const written = await Promise.all(
        files
          .filter((file) => file.isFile())
          .map((file) => readFile(path.join(file.parentPath, file.name), 'latin1')),
      )
      for (const text of [running.said(), ...written]) {
        expect(text).not.toContain(client)
        expect(text).not.toContain('abcdefghijkl')
      }
    },
  )

  test.skipIf(!able)(`behind ${name}, the AppView answers visitors by their addresses`, async () => {
    await using scratch = await scratchDirectory()
    const ports = { appviewPort: Number(new URL(index.url).port), trackerPort: await freePort() }
    await using running = await startProxy(proxy, scratch.path, ports)
    const ask = (page: string, from?: string) => askFor(running.port, appviewName, page, from)
    await running.answers(async () => (await ask('/health/ready')).status === 200)
    expect(String((await ask('/')).body)).toContain('Water levels')
    const found = await ask(`/xrpc/${methods.searchDatasets}?q=water`)
    expect(JSON.parse(String(found.body))).toMatchObject({ hitsTotal: 1 })
    const longest = '%C3%A9'.repeat(5_000)
    expect((await ask(`/xrpc/${methods.searchDatasets}?q=${longest}`)).status).toBe(200)
    for (const from of [client, '127.0.0.8']) expect(String((await ask('/seen-as', from)).body)).toBe(from)
    expect((await ask('/metrics')).status).toBe(404)

    const socket = openSocket(running.port, appviewName, `/xrpc/${methods.subscribeRecords}?cursor=0`)
    const [frame] = (await once(socket, 'message')) as [Buffer]
    expect(Frame.fromBytes(new Uint8Array(frame)).isMessage()).toBe(true)
    socket.terminate()
  })
}

test('Traefik is told of both programs, and of no path for metrics', async () => {
  const { http } = parse(await readFile(new URL('traefik.yaml', examples), 'utf8'))
  const served = Object.values<{ rule: string; service: string }>(http.routers).map(({ rule, service }) => {
    const [server] = http.services[service].loadBalancer.servers
    return [rule, server.url]
  })
  expect(served).toEqual([
    [`Host(\`${appviewName}\`) && !Path(\`/metrics\`)`, 'http://127.0.0.1:3000'],
    ['Host(`tracker.example.org`) && !Path(`/metrics`)', 'http://127.0.0.1:6969'],
  ])
})

async function startProxy(proxy: Proxy, folder: string, ports: Pick<Place, 'appviewPort' | 'trackerPort'>) {
  const place = { folder, port: await freePort(), healthPort: await freePort(), ...ports }
  for (const name of [appviewName, 'tracker.example.org']) await makeCertificate(folder, name)
  const example = await readFile(new URL(proxy.example, examples), 'utf8')
  const config = path.join(folder, path.basename(proxy.example))
  const adapted = proxy
    .adapt(example, place)
    .replaceAll('127.0.0.1:3000', `127.0.0.1:${place.appviewPort}`)
    .replaceAll('127.0.0.1:6969', `127.0.0.1:${place.trackerPort}`)
  await writeFile(config, adapted)
  const home = path.join(folder, 'home')
  await mkdir(home)
  const child: ChildProcess = spawn(proxy.command, proxy.args(config, place), {
    env: { ...process.env, HOME: home },
  })
  let said = ''
  child.stdout!.on('data', (data) => (said += String(data)))
  child.stderr!.on('data', (data) => (said += String(data)))
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  const answers = async (check: () => Promise<boolean>): Promise<void> => {
    await waitFor(check, { what: proxy.command, timeoutMs: 10_000 }).catch((cause) => {
      throw new Error(said, { cause })
    })
  }
  return { port: place.port, said: () => said, answers, stop, [Symbol.asyncDispose]: stop }
}

/** The key and the certificate in one file. */
async function makeCertificate(folder: string, name: string): Promise<void> {
  const [key, certificate] = ['key', 'certificate'].map((part) => path.join(folder, `${part}.pem`)) as [
    string,
    string,
  ]
  const subject = ['-subj', `/CN=${name}`, '-days', '1']
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const made = spawnSync('openssl', [
    'req',
    '-x509',
    ...kind,
    ...subject,
    '-keyout',
    key,
    '-out',
    certificate,
  ])
  expect(made.status, String(made.stderr)).toBe(0)
  const both = await Promise.all([certificate, key].map((file) => readFile(file, 'utf8')))
  await writeFile(path.join(folder, `${name}.pem`), both.join(''))
}

/** Asks as a client that claims to be somebody else. */
async function askFor(
  port: number,
  servername: string,
  page: string,
  localAddress = '127.0.0.1',
): Promise<{ status: number; body: Buffer }> {
  const headers = { 'X-Forwarded-For': '6.6.6.6', Host: servername }
  const options = { host: '127.0.0.1', port, path: page, localAddress, headers }
  const asked = request({ ...options, servername, rejectUnauthorized: false, agent: false })
  asked.end()
  const [answer] = await once(asked, 'response')
  const parts: Buffer[] = []
  for await (const part of answer) parts.push(part)
  return { status: answer.statusCode, body: Buffer.concat(parts) }
}

function openSocket(port: number, servername: string, page: string): WebSocket {
  return new WebSocket(`wss://127.0.0.1:${port}${page}`, {
    agent: new Agent({ servername, rejectUnauthorized: false }),
    headers: { Host: servername },
    localAddress: client,
  })
}
