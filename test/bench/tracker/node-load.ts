/** Replaces load.c if there is no compiler: it has the same modes and prints the same line of JSON, at a lower rate. */
import { createHash } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    port: { type: 'string', default: '6969' },
    pid: { type: 'string', default: '0' },
    torrents: { type: 'string', default: '1000' },
    peers: { type: 'string', default: '1000000' },
    seconds: { type: 'string', default: '5' },
    window: { type: 'string', default: '128' },
    rate: { type: 'string', default: '0' },
    fill: { type: 'boolean', default: false },
    connect: { type: 'boolean', default: false },
  },
})
const [torrents, peers, seconds, windowSize] = [
  values.torrents,
  values.peers,
  values.seconds,
  values.window,
].map(Number) as [number, number, number, number]
const hashOf = (torrent: number): Buffer => createHash('sha1').update(`torrent ${torrent}`).digest()
const state = { answered: 0, failed: 0, lost: 0, turn: 0, latencies: [] as number[] }
const begin = performance.now()
const over = (): boolean => (values.fill ? state.turn >= peers : performance.now() - begin >= seconds * 1000)
const nextPeer = (): { torrent: number; number: number } => {
  if (!values.fill) {
    return {
      torrent: Math.floor(Math.random() * torrents),
      number: Math.floor((Math.random() * peers) / torrents),
    }
  }
  const turn = state.turn++
  return { torrent: turn % torrents, number: Math.floor(turn / torrents) }
}

if (positionals[0] === 'hashes') {
  for (let torrent = 0; torrent < torrents; torrent++) console.log(hashOf(torrent).toString('hex'))
} else {
  const cpu = serverSeconds()
  const lanes = positionals[0] === 'http' ? httpLane : udpLane
  await Promise.all(Array.from({ length: windowSize }, (_, lane) => lanes(lane)))
  const elapsed = (performance.now() - begin) / 1000
  const sorted = state.latencies.sort((a, b) => a - b)
  const at = (share: number): number => Math.round(1000 * (sorted[Math.floor(sorted.length * share)] ?? 0))
  const { answered, failed, lost } = state
  const serverUsEach = answered === 0 ? 0 : ((serverSeconds() - cpu) * 1e6) / answered
  console.log(
    JSON.stringify({
      ...{ answered, failed, lost, perSecond: answered / elapsed, p50Us: at(0.5), p99Us: at(0.99) },
      ...{ serverUsEach, residentKB: residentKB() },
    }),
  )
}

/** Sends one announce after the other from a socket of its own. */
async function udpLane(_lane: number): Promise<void> {
  const socket = createSocket('udp4')
  const ask = (datagram: Buffer): Promise<Buffer | undefined> =>
    new Promise((resolve) => {
      const timer = setTimeout(() => resolve(undefined), 500)
      socket.once('message', (answer) => {
        clearTimeout(timer)
        resolve(answer)
      })
      socket.send(datagram, Number(values.port), '127.0.0.1')
    })
  let id: Buffer | undefined
  while (!over()) {
    const { torrent, number } = nextPeer()
    const started = performance.now()
    if ((id === undefined || values.connect) && positionals[0] !== 'echo') {
      const connect = Buffer.from('00000417271019800000000000000001', 'hex')
      id = (await ask(connect))?.subarray(8, 16)
    }
    const announce = Buffer.alloc(98)
    announce.set(id ?? Buffer.alloc(8))
    announce.writeInt32BE(1, 8)
    announce.set(hashOf(torrent), 16)
    announce.writeInt32BE(number % 4 === 0 ? 0 : 1000, 68)
    announce.writeInt32BE(50, 92)
    announce.writeUInt16BE(1024 + (number % 60_000), 96)
    const answer = await ask(announce)
    if (answer === undefined) state.lost++
    else if (positionals[0] !== 'echo' && answer.readInt32BE(0) !== 1) state.failed++
    else {
      state.answered++
      state.latencies.push(performance.now() - started)
    }
  }
  socket.close()
}

async function httpLane(_lane: number): Promise<void> {
  while (!over()) {
    const { torrent, number } = nextPeer()
    const started = performance.now()
    const hash = hashOf(torrent).toString('hex').replace(/../g, '%$&')
    const query = `info_hash=${hash}&peer_id=-LD0001-${String(number).padStart(12, '0')}&port=${1024 + (number % 60_000)}`
    const left = number % 4 === 0 ? 0 : 1000
    const answer = await fetch(`http://127.0.0.1:${values.port}/announce?${query}&left=${left}&compact=1`, {
      headers: { connection: 'close' },
    })
    const text = await answer.text()
    if (text.includes('failure reason')) state.failed++
    else {
      state.answered++
      state.latencies.push(performance.now() - started)
    }
  }
}

function serverSeconds(): number {
  if (values.pid === '0') return 0
  const fields = readFileSync(`/proc/${values.pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

function residentKB(): number {
  if (values.pid === '0') return 0
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${values.pid}/status`, 'utf8'))?.[1] ?? 0)
}
