import { messageOf } from '@holdfast/runtime/operator-error'
import { describeSettings, type Environment } from '@holdfast/runtime/settings'
import { readConfig } from './config.ts'
import { startTracker } from './main.ts'

/** Runs the tracker until it is told to stop; resolves to the exit code. */
export async function runTracker(args: readonly string[], env: Environment): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(help)
    return 0
  }
  const checksConfig = args.length === 1 && args[0] === '--config-check'
  const takeOver = args.length === 1 && args[0] === '--take-over'
  if (args.length > 0 && !takeOver && !checksConfig) {
    process.stderr.write(
      `holdfast-tracker does not accept the argument "${args[0]}"; see holdfast-tracker --help\n`,
    )
    return 2
  }
  const stop = new Promise<void>((stopped) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopped())
  })
  try {
    const { config, inForce } = readConfig(env)
    if (checksConfig) {
      process.stdout.write(describeSettings(inForce))
      return 0
    }
    await using tracker = await startTracker(config, { takeOver, offersHandover: true })
    await Promise.race([stop, tracker.failure, tracker.handedOver])
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`)
    return 1
  }
  return 0
}

const help = `holdfast-tracker: a BitTorrent tracker for exactly the torrents an AppView has indexed

  holdfast-tracker               starts
  holdfast-tracker --take-over   starts in place of the one that runs on the same data directory, with its peers
  holdfast-tracker --config-check   prints the settings in force, or what is wrong with them, and ends

Everything is set by the environment, or by a file .env in the working directory. A secret may be in a file that
HOLDFAST_ADMIN_TOKEN_FILE or HOLDFAST_REDIS_URL_FILE names.
  HOLDFAST_APPVIEW_URL            AppViews to follow, separated by commas   http://127.0.0.1:3000
  HOLDFAST_TRACKER_PORT           HTTP and WebSocket                        6969
  HOLDFAST_TRACKER_UDP_PORT       UDP                                       6969
  HOLDFAST_TRACKER_HOST           address to listen on                      all
  HOLDFAST_TRACKER_WORKERS        threads that serve, or "auto"             1
  HOLDFAST_TRACKER_MAX_LIST_AGE   how old a saved list may be at the start  24h
  HOLDFAST_TRACKER_MEMORY         most memory for peers                     1 GiB
  HOLDFAST_TRACKER_MAX_TORRENTS   how long the allow-list may be            4000000
  HOLDFAST_TRACKER_PEERS_PER_ADDRESS  of a swarm, an address or a /64       8
  HOLDFAST_TRACKER_INTERVAL       between announces of a client             30m
  HOLDFAST_REDIS_URL              shares swarms between machines            none
  HOLDFAST_TRUSTED_PROXIES        addresses and networks of proxies         none
  HOLDFAST_ADMIN_TOKEN            opens /metrics and /swarms to its bearer  none
  HOLDFAST_DATA_DIR               where the allow-list is saved             ./data
  HOLDFAST_LOG_LEVEL              fatal error warn info debug trace silent  info

SIGTERM answers what has arrived and exits with 0.
`
