import { PersistentRedis } from './cluster/redis.ts'
import { ConfigError, loadConfig } from './config.ts'
import { startTracker } from './main.ts'

/** Runs the tracker until it is told to stop; the exit code. */
export async function runTracker(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(HELP)
    return 0
  }
  const takeOver = args.length === 1 && args[0] === '--take-over'
  if (args.length > 0 && !takeOver) {
    process.stderr.write(`holdfast-tracker takes no argument "${args[0]}"; see holdfast-tracker --help\n`)
    return 2
  }
  const stop = new Promise<void>((stopped) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopped())
  })
  try {
    await using tracker = await startTracker(loadConfig(env), { takeOver, offersHandover: true })
    await Promise.race([stop, tracker.failure, tracker.handedOver])
  } catch (error) {
    const explained = error instanceof ConfigError || error instanceof PersistentRedis
    if (!explained && !(error instanceof Error && error.cause !== undefined)) throw error
    process.stderr.write(`${error.message}\n`)
    return 1
  }
  return 0
}

const HELP = `holdfast-tracker: a BitTorrent tracker for exactly the torrents an AppView has indexed

  holdfast-tracker               starts
  holdfast-tracker --take-over   starts in place of the one that runs on the same data directory, with its peers

Everything is set by the environment:
  HOLDFAST_APPVIEW_URL            AppViews to follow, separated by commas   http://127.0.0.1:3000
  HOLDFAST_TRACKER_PORT           HTTP and WebSocket                        6969
  HOLDFAST_TRACKER_UDP_PORT       UDP                                       6969
  HOLDFAST_TRACKER_HOST           address to listen on                      all
  HOLDFAST_TRACKER_WORKERS        threads that serve, or "auto"             1
  HOLDFAST_TRACKER_MAX_LIST_AGE   how old a saved list may be at the start  24h
  HOLDFAST_TRACKER_MEMORY         most memory for peers                     1GB
  HOLDFAST_TRACKER_INTERVAL       between announces of a client             30m
  HOLDFAST_REDIS_URL              shares swarms between machines            none
  HOLDFAST_TRUSTED_PROXIES        addresses and networks of proxies         none
  HOLDFAST_ADMIN_TOKEN            opens /metrics and /swarms to its bearer  none
  HOLDFAST_DATA_DIR               where the allow-list is saved             ./data
  HOLDFAST_LOG_LEVEL              fatal error warn info debug trace silent  info

SIGTERM answers what has arrived and exits with 0.
`
