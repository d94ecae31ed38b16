import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatMagnet, type Magnet } from '@holdfast/torrent/magnet'
import { type Metainfo, parseMetainfo } from '@holdfast/torrent/metainfo'
import { CommandError } from '../command-error.ts'
import { isStrangerHost } from '../session/stranger-host.ts'

const mostTrackers = 20

export interface SwarmOptions {
  /** For development only: whether trackers inside this network are asked. */
  readonly allowPrivateHosts: boolean
  /** How long to look for a peer that has the metadata, and how long for everything. */
  readonly idleSeconds?: number
  readonly timeoutMs?: number
}

/**
 * Fetches the metadata of a v1 infohash from its swarm (BEP 9) by aria2, which finds peers through the magnet link's trackers
 * and the DHT, and makes a `.torrent` of it. Throws a CommandError if aria2 is not installed, nobody has the metadata, or
 * the piece hashes of v2 would be missing, which BEP 9 does not transfer.
 */
export async function fetchFromSwarm(
  { infoHashV1, trackers }: Pick<Magnet, 'infoHashV1' | 'trackers'>,
  { allowPrivateHosts, idleSeconds = 60, timeoutMs = 180_000 }: SwarmOptions,
): Promise<Metainfo> {
  const asked: string[] = []
  for (const url of trackers.slice(0, mostTrackers))
    if (/^(?:https?|udp):/i.test(url) && (allowPrivateHosts || (await isStrangerHost(url)))) asked.push(url)
  const magnet = formatMagnet({ infoHashV1, trackers: asked })
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-swarm-'))
  try {
    await runAria2(
      [
        // What the user has set for downloads is not meant for this.
        '--no-conf',
        '--quiet',
        '--bt-metadata-only=true',
        '--bt-save-metadata=true',
        '--seed-time=0',
        `--bt-stop-timeout=${idleSeconds}`,
        `--dir=${directory}`,
        `--dht-file-path=${join(directory, 'dht.dat')}`,
        `--dht-file-path6=${join(directory, 'dht6.dat')}`,
        magnet,
      ],
      timeoutMs,
    )
    const file = (await readdir(directory)).find((name) => name.endsWith('.torrent'))
    if (file === undefined)
      throw new CommandError('notFound', `nobody in the swarm of ${infoHashV1} could send its metadata.`)
    const metainfo = parseMetainfo(await readFile(join(directory, file)))
    if (!metainfo.hasPieceLayers)
      throw new CommandError(
        'failure',
        `${infoHashV1} also is a v2 torrent, whose piece hashes a swarm does not send as metadata; get its .torrent.`,
      )
    return metainfo
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Resolves when aria2 has ended, whatever its exit code: only a file that it wrote says that it succeeded. */
function runAria2(args: readonly string[], timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('aria2c', args, { stdio: 'ignore', timeout: timeoutMs, killSignal: 'SIGKILL' })
    child.once('error', (cause) =>
      reject(
        new CommandError(
          'notFound',
          `aria2c, which asks the swarm for the .torrent, could not be run (${cause.message}); install aria2.`,
          { cause },
        ),
      ),
    )
    child.once('close', () => resolve())
  })
}
