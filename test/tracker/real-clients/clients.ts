import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openAsBlob } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Requirement } from '../../system/requirements.ts'

/** How a client announces to a torrent's tracker. */
export const routes = ['http-ipv4', 'udp-ipv4', 'http-ipv6', 'udp-ipv6'] as const
export type Route = (typeof routes)[number]

export interface Task {
  ipv4: string
  ipv6: string
  /** The directories from and to which the torrents' files are transferred. */
  folder: string
  /** The directory of the client's own settings. */
  home: string
  torrents: readonly string[]
}

/** A BitTorrent client of Debian that can be made to transfer torrents from an address of its own. */
export interface RealClient {
  name: string
  needs: readonly Requirement[]
  /** What the client cannot do, with the reason. */
  lacks: Partial<Record<Route, string>>
  start(task: Task): Promise<AsyncDisposable>
}

const call = promisify(execFile)

/** Transmission 3.00 was seen to send no announce to an address in brackets. */
const noIpv6Literal = 'does not announce to an IPv6 address in a URL'

export const realClients: readonly RealClient[] = [
  {
    name: 'libtorrent',
    needs: ['libtorrent'],
    lacks: {},
    async start({ ipv4, ipv6, folder, home, torrents }) {
      const script = fileURLToPath(new URL('libtorrent-client.py', import.meta.url))
      return run(home, '/usr/bin/python3', [script, ipv4, ipv6, '51001', folder, ...torrents])
    },
  },
  {
    name: 'transmission',
    needs: ['transmission-daemon', 'transmission-remote'],
    lacks: { 'http-ipv6': noIpv6Literal, 'udp-ipv6': noIpv6Literal },
    async start({ ipv4, ipv6, folder, home, torrents }) {
      const settings = {
        'bind-address-ipv4': ipv4,
        'bind-address-ipv6': ipv6,
        'rpc-bind-address': ipv4,
        'rpc-port': 9191,
        'rpc-whitelist-enabled': false,
        'rpc-host-whitelist-enabled': false,
        'peer-port': 51002,
        'download-dir': folder,
        'dht-enabled': false,
        'lpd-enabled': false,
        'pex-enabled': false,
        'utp-enabled': false,
        'port-forwarding-enabled': false,
      }
      await writeFile(path.join(home, 'settings.json'), JSON.stringify(settings))
      const daemon = run(home, 'transmission-daemon', ['-f', '-g', home])
      await retry(() => call('transmission-remote', [`${ipv4}:9191`, '-si']))
      for (const torrent of torrents) await call('transmission-remote', [`${ipv4}:9191`, '-a', torrent])
      return daemon
    },
  },
  {
    name: 'aria2',
    needs: ['aria2c'],
    lacks: { 'udp-ipv6': 'speaks UDP to IPv4 trackers only' },
    async start({ ipv4, ipv6, folder, home, torrents }) {
      // Its UDP trackers depend on its DHT, which finds nobody here.
      const quiet = ['--no-conf', '--enable-dht=true', '--enable-dht6=false', '--bt-enable-lpd=false']
      const open = [
        '--enable-peer-exchange=false',
        '--seed-time=10',
        '--seed-ratio=0.0',
        '--check-integrity=true',
      ]
      // It needs one process per torrent, because an interface is an address of one family.
      const all = torrents.map((torrent, number) => {
        const address = torrent.includes('ipv6') ? ipv6 : ipv4
        const ports = [`--listen-port=${51_010 + number}`, `--dht-listen-port=${51_020 + number}`]
        const own = [`--interface=${address}`, ...ports, `--dir=${folder}`, `--dht-file-path=${home}/dht`]
        return run(home, 'aria2c', [...quiet, ...open, ...own, torrent])
      })
      return together(all)
    },
  },
  {
    name: 'qbittorrent',
    needs: ['qbittorrent-nox'],
    lacks: { 'http-ipv6': 'is bound to one address, of one family', 'udp-ipv6': 'the same' },
    async start({ ipv4, folder, home, torrents }) {
      const config = path.join(home, 'qBittorrent/config')
      await mkdir(config, { recursive: true })
      const session = [
        'DHTEnabled=false',
        'LSDEnabled=false',
        'PeXEnabled=false',
        'Port=51004',
        'Interface=lo',
      ]
        .concat('InterfaceName=lo', `InterfaceAddress=${ipv4}`, 'BTProtocol=TCP', `DefaultSavePath=${folder}`)
        .map((line) => `Session\\${line}`)
      const web = [`Address=${ipv4}`, 'Port=9193', 'LocalHostAuth=false', 'CSRFProtection=false']
        .concat(
          'AuthSubnetWhitelistEnabled=true',
          'AuthSubnetWhitelist=10.77.0.0/16',
          'HostHeaderValidation=false',
        )
        .map((line) => `WebUI\\${line}`)
      const lines = ['[LegalNotice]', 'Accepted=true', '[BitTorrent]', ...session, '[Preferences]', ...web]
      await writeFile(path.join(config, 'qBittorrent.conf'), `${lines.join('\n')}\nConnection\\UPnP=false\n`)
      const daemon = run(home, 'qbittorrent-nox', [`--profile=${home}`])
      const api = `http://${ipv4}:9193/api/v2`
      await retry(async () => {
        if (!(await fetch(`${api}/app/version`)).ok) throw new Error('not yet')
      })
      for (const torrent of torrents) {
        const form = new FormData()
        form.set('torrents', await openAsBlob(torrent), path.basename(torrent))
        form.set('savepath', folder)
        const { ok, status } = await fetch(`${api}/torrents/add`, { method: 'POST', body: form })
        if (!ok) throw new Error(`qBittorrent refused a torrent with ${status}`)
      }
      return daemon
    },
  },
  {
    name: 'rtorrent',
    needs: ['rtorrent'],
    lacks: {
      'http-ipv6': 'binds one address, of one family',
      'udp-ipv6': 'speaks UDP to IPv4 trackers only',
    },
    async start({ ipv4, folder, home, torrents }) {
      const lines = [
        'system.daemon.set = true',
        `network.bind_address.set = ${ipv4}`,
        'network.port_range.set = 51005-51005',
        'network.port_random.set = no',
        'dht.mode.set = off',
        'protocol.pex.set = no',
        'trackers.use_udp.set = yes',
        `directory.default.set = ${folder}`,
        `session.path.set = ${home}`,
        ...torrents.map((torrent, number) => `schedule2 = load${number},1,0,((load.start,"${torrent}"))`),
      ]
      await writeFile(path.join(home, 'rtorrent.rc'), `${lines.join('\n')}\n`)
      return run(home, 'rtorrent', ['-n', '-o', `import=${path.join(home, 'rtorrent.rc')}`])
    },
  },
  {
    name: 'deluge',
    needs: ['deluged', 'deluge-console'],
    lacks: { 'http-ipv6': 'listens on one address, of one family', 'udp-ipv6': 'the same' },
    async start({ ipv4, folder, home, torrents }) {
      const settings = {
        listen_interface: ipv4,
        outgoing_interface: ipv4,
        random_port: false,
        listen_ports: [51006, 51006],
        dht: false,
        lsd: false,
        upnp: false,
        natpmp: false,
        utpex: false,
        download_location: folder,
        daemon_port: 58846,
        allow_remote: false,
        enabled_plugins: [],
      }
      await writeFile(path.join(home, 'core.conf'), `{"file":1,"format":1}${JSON.stringify(settings)}`)
      const daemon = run(home, 'deluged', ['-d', '-c', home])
      const commands = [
        'connect 127.0.0.1:58846',
        ...torrents.map((torrent) => `add -p ${folder} ${torrent}`),
      ]
      await retry(async () => {
        const { stdout } = await call('deluge-console', ['-c', home, commands.join('; ')], {
          timeout: 60_000,
        })
        // The torrent exists already if an earlier call that was aborted has added it.
        if (!/Torrent added|already/.test(stdout)) throw new Error(stdout)
      })
      return daemon
    },
  },
]

function run(home: string, command: string, args: string[]): AsyncDisposable {
  const env = { ...process.env, HOME: home, XDG_CONFIG_HOME: home, TERM: 'dumb' }
  const child: ChildProcess = spawn(command, args, { cwd: home, env, stdio: 'ignore' })
  const ended = once(child, 'exit')
  return {
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

function together(all: readonly AsyncDisposable[]): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all(all.map((each) => each[Symbol.asyncDispose]()))
    },
  }
}

/** Repeats `attempt` until it succeeds, for at most a minute. */
async function retry(attempt: () => Promise<unknown>): Promise<void> {
  for (const deadline = Date.now() + 60_000; ; ) {
    try {
      await attempt()
      return
    } catch (error) {
      if (Date.now() > deadline) throw error
      await new Promise((again) => setTimeout(again, 100))
    }
  }
}
