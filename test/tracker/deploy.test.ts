/** Tests the examples of `tracker/deploy/` in the programs they are for; only addresses, ports and paths are changed. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:https'
import { connect, createServer } from 'node:net'
import path from 'node:path'
import { ownAllowList } from '@holdfast/tracker/allow-list/source'
import { loadConfig } from '@holdfast/tracker/config'
import { startTracker } from '@holdfast/tracker/main'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import WebSocket from 'ws'
import { waitFor } from '../network/wait-for.ts'
import { needs, type Requirement } from '../system/requirements.ts'
import { scratchDirectory } from '../system/scratch.ts'

const examples = new URL('../../tracker/deploy/', import.meta.url)
const infoHashV1 = 'ab'.repeat(20)
const client = '127.0.0.7'
const servername = 'tracker.example.org'
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
  trackerPort: number
}

interface Proxy {
  command: Requirement
  example: string
  adapt(example: string, place: Place): string
  args(config: string, place: Place): string[]
}

const proxies: Record<string, Proxy> = {
  nginx: {
    command: 'nginx',
    example: 'nginx.conf',
    adapt: (example, { folder, port }) => {
      const server = example
        .replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
        .replace('listen [::]:443 ssl', `listen [::1]:${port} ssl`)
        .replaceAll(/\/etc\/letsencrypt\S+\/(?:fullchain|privkey)\.pem/g, `${folder}/tracker.example.org.pem`)
        .replace('/var/log/nginx', folder)
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
      example.replace('bind :443', `bind 127.0.0.1:${port}`).replace('/etc/haproxy', folder),
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
        .replace(
          'tracker.example.org {',
          `https://tracker.example.org:${port} {\n\tbind 127.0.0.1\n\ttls internal`,
        ),
    args: (config) => ['run', '--adapter', 'caddyfile', '--config', config],
  },
}

for (const [name, proxy] of Object.entries(proxies)) {
  const able = needs(`a tracker behind ${name}`, proxy.command, 'openssl')
  test.skipIf(!able)(
    `behind ${name}, clients keep their addresses, which its log does not contain`,
    async () => {
      await using scratch = await scratchDirectory()
      const config = {
        ...loadConfig({}),
        host: '127.0.0.1',
        port: 0,
        udpPort: 0,
        trustedProxies: ['127.0.0.1', '::1'],
      }
      const parts = { allowList: ownAllowList([{ infoHashV1 }]), log: pino({ level: 'silent' }) }
      let said = ''
      await using running = await startProxy(proxy, scratch.path, (text) => {
        said += text
      })
      {
        await using _tracker = await startTracker({ ...config, port: running.trackerPort }, parts)
        await waitFor(async () => (await ask(running.port, '/health')).status === 200, {
          what: name,
          timeoutMs: 10_000,
        }).catch((error) => {
          throw new Error(said, { cause: error })
        })

        for (const from of [client, '127.0.0.8', client]) {
          const { body } = await ask(running.port, `/announce?${query}`, from)
          const address = from.split('.').map(Number)
          expect(body.toString('latin1')).toContain(`external ip4:${String.fromCharCode(...address)}10:`)
        }
        for (const page of ['/metrics', '/swarms']) expect((await ask(running.port, page)).status).toBe(404)

        const socket = new WebSocket(`wss://127.0.0.1:${running.port}/announce`, {
          agent: new Agent({ servername, rejectUnauthorized: false }),
          headers: { Host: servername },
          localAddress: client,
        })
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
      expect((await ask(running.port, `/announce?${query}`, client)).status).toBeGreaterThanOrEqual(502)
      await running.stop()
      const files = await readdir(scratch.path, { recursive: true, withFileTypes: true })
      const written = await Promise.all(
        files
          .filter((file) => file.isFile())
          .map((file) => readFile(path.join(file.parentPath, file.name), 'latin1')),
      )
      for (const text of [said, ...written]) {
        expect(text).not.toContain(client)
        expect(text).not.toContain('abcdefghijkl')
      }
    },
  )
}

const hasSystemd = needs('the unit as systemd reads it', 'systemd-analyze')
test.skipIf(!hasSystemd)('systemd accepts the unit file', async () => {
  await using scratch = await scratchDirectory()
  const unit = await readFile(new URL('holdfast-tracker@.service', examples), 'utf8')
  const file = path.join(scratch.path, 'holdfast-tracker@a.service')
  await writeFile(file, unit.replace('/usr/bin/holdfast-tracker', process.execPath))
  const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' })
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' })
})

async function startProxy(proxy: Proxy, folder: string, onText: (text: string) => void) {
  const place = { folder, port: await freePort(), trackerPort: await freePort() }
  await makeCertificate(folder)
  const example = await readFile(new URL(proxy.example, examples), 'utf8')
  const config = path.join(folder, proxy.example)
  const adapted = proxy.adapt(example, place).replaceAll('127.0.0.1:6969', `127.0.0.1:${place.trackerPort}`)
  await writeFile(config, adapted)
  const home = path.join(folder, 'home')
  await mkdir(home)
  const child: ChildProcess = spawn(proxy.command, proxy.args(config, place), {
    env: { ...process.env, HOME: home },
  })
  child.stdout!.on('data', (data) => onText(String(data)))
  child.stderr!.on('data', (data) => onText(String(data)))
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  return { ...place, stop, [Symbol.asyncDispose]: stop }
}

/** The key and the certificate in one file. */
async function makeCertificate(folder: string): Promise<void> {
  const [key, certificate] = ['key', 'certificate'].map((name) => path.join(folder, `${name}.pem`)) as [
    string,
    string,
  ]
  const subject = ['-subj', '/CN=tracker.example.org', '-days', '1']
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
  await writeFile(path.join(folder, 'tracker.example.org.pem'), both.join(''))
}

async function ask(
  port: number,
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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
