import { readFileSync } from 'node:fs'
import Server from 'bittorrent-tracker/server'

const [port, hashFile] = process.argv.slice(2)
const allowed = new Set(readFileSync(hashFile!, 'utf8').trim().split('\n'))
const options = {
  http: true,
  udp: true,
  ws: false,
  stats: false,
  filter: (infoHash: string, _params: unknown, done: (error: Error | null) => void): void =>
    done(allowed.has(infoHash) ? null : new Error('not allowed')),
}
const server = new Server(options)
server.on('warning', () => {})
server.on('error', (error) => {
  throw error
})
server.on('listening', () => {
  globalThis.gc?.()
  console.log('ready')
})
server.listen(Number(port), { http: '127.0.0.1', udp: '127.0.0.1', udp6: '::1' })
