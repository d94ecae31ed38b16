/** Makes one torrent and prints how long that took, in a process of its own, like the other programs. */
import { createTorrent } from '@holdfast/torrent/create'
import { peakRssMB } from '../../system/process-memory.ts'

const [path, version, pieceLength, threads] = process.argv.slice(2)
const startedAt = performance.now()
const torrent = await createTorrent(path!, {
  version: version as 'v1' | 'v2' | 'hybrid',
  pieceLengthBytes: Number(pieceLength),
  threads: Number(threads),
})
let metainfoBytes = 0
for (const chunk of torrent.chunks()) metainfoBytes += chunk.length
const seconds = (performance.now() - startedAt) / 1000
console.log(JSON.stringify({ seconds, peakRssMB: peakRssMB(), metainfoBytes }))
