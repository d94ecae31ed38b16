/**
 * Three trackers on a Redis Cluster of three masters and their replicas serve clients that keep appearing, while a
 * master and then a tracker are killed:
 *   node test/tracker/cluster/under-load.ts --rate 20000 --seconds 60
 * Prints what clients noticed and what the others lost, and ends with an error when that is a swarm, or more than
 * five seconds.
 */
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { waitFor } from '../../network/wait-for.ts'
import { spawnTracker, type TrackerProcess } from '../spawn-tracker.ts'
import { AnnouncingClients } from './announcing-clients.ts'
import { startRedisCluster } from './redis-servers.ts'

export interface UnderLoad {
  /** The number of clients answered per second, over the whole run. */
  perSecond: number
  clients: number
  errors: number
  timeouts: number
  /** The longest interruption, in milliseconds, of trackers that were not killed. */
  longestErrorSpellMs: number
  /** The longest interruption, in milliseconds, of any client, including those of the killed tracker. */
  longestWaitMs: number
  /** Torrents all of whose clients are unknown to a running tracker, or to one that starts afterwards. */
  lostSwarms: number
  /** Clients that the killed tracker had answered but not yet shared, as counted by the tracker that knows fewest. */
  lostPeers: number
  /** The time from the end of the load until every tracker knew the same clients, in milliseconds. */
  settledMs: number
}

/** Runs the test with `rate` new clients per second for `seconds`. */
export async function clusterUnderLoad(
  { rate, seconds }: { rate: number; seconds: number },
  log: (line: string) => void,
): Promise<UnderLoad> {
  await using stack = new AsyncDisposableStack()
  const cluster = stack.use(await startRedisCluster())
  const start = async (): Promise<TrackerProcess> => stack.use(await spawnTracker(infoHashes, cluster.url))
  const [one, two, three] = [await start(), await start(), await start()]
  const count = rate * seconds
  const trackers = [one, two, three].map(({ udpPort }) => udpPort)
  const clients = stack.use(await AnnouncingClients.start({ trackers, infoHashes, clients: count, rate }))
  const served = (share: number) =>
    waitFor(() => clients.answered >= count * share, {
      what: `${share * 100}% of the clients to be served`,
      timeoutMs: seconds * 5000,
    })
  await served(0.3)
  log(`${Math.round(clients.perSecond)}/s; killing a Redis master`)
  await cluster.servers[0]!.stop()
  await served(0.6)
  // Announces that a tracker receives while the cluster has no master for them are lost if the tracker is killed, until
  // those clients announce again.
  await waitFor(() => isSharing(three), { what: 'the cluster to work again' })
  log(`${Math.round(clients.perSecond)}/s; killing a tracker`)
  await three.kill()
  await served(1)
  const figures = {
    perSecond: Math.round(clients.perSecond),
    clients: count,
    errors: clients.errors,
    timeouts: clients.timeouts,
    longestErrorSpellMs: Math.max(...[one, two].map(({ udpPort }) => clients.longestErrorSpellMs(udpPort))),
    longestWaitMs: clients.longestWaitMs,
  }
  log(`${figures.perSecond}/s; the load is over`)
  const begun = performance.now()
  const living = [one, two, await start()]
  const losses = await settle(living, count)
  return {
    ...figures,
    lostSwarms: Math.max(...losses.map(({ swarms }) => swarms)),
    lostPeers: Math.max(...losses.map(({ peers }) => peers)),
    settledMs: performance.now() - begun,
  }
}

const infoHashes = Array.from({ length: 1000 }, (_, number) => (number + 1).toString(16).padStart(40, '0'))

async function isSharing({ port }: TrackerProcess): Promise<boolean> {
  return (await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).includes(
    'holdfast_tracker_sharing 1',
  )
}

interface Loss {
  swarms: number
  peers: number
}

/** Waits until the clients in `clients` that trackers do not know are the same for all trackers, and stay the same. */
async function settle(trackers: readonly TrackerProcess[], clients: number): Promise<Loss[]> {
  let before = ''
  let losses: Loss[] = []
  const settled = async (): Promise<boolean> => {
    losses = await Promise.all(trackers.map((tracker) => lossOf(tracker, clients)))
    const now = JSON.stringify(losses)
    const same = now === before && losses.every(({ peers }) => peers === losses[0]!.peers)
    before = now
    return same
  }
  await waitFor(settled, { what: 'the trackers to know the same peers', timeoutMs: 60_000, intervalMs: 1000 })
  return losses
}

async function lossOf({ port }: TrackerProcess, clients: number): Promise<Loss> {
  const answer = await fetch(`http://127.0.0.1:${port}/swarms`)
  const { swarms } = (await answer.json()) as { swarms: [string[], number, number, number][] }
  const peers = swarms.reduce((sum, [, seeders, leechers]) => sum + seeders + leechers, 0)
  return { swarms: Math.min(infoHashes.length, clients) - swarms.length, peers: clients - peers }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { rate: { type: 'string', default: '20000' }, seconds: { type: 'string', default: '60' } },
  })
  const seen = await clusterUnderLoad(
    { rate: Number(values.rate), seconds: Number(values.seconds) },
    console.log,
  )
  console.log(JSON.stringify(seen))
  const held = seen.lostSwarms === 0 && Math.max(seen.longestErrorSpellMs, seen.longestWaitMs) <= 5000
  process.exit(held ? 0 : 1)
}
