import { LatestMap } from '@holdfast/runtime/latest-map'

/** Decides when each host of a stranger may be asked: after a rest, which doubles with each failure in a row. */
export interface HostPace {
  /** Milliseconds until the host may be asked; 0 if it may be asked now. */
  restMs(host: string): number
  answered(host: string, waitMs?: number): void
  failed(host: string, waitMs?: number): void
}

export interface HostPaceOptions {
  /** The rest after an answer, in milliseconds. */
  gapMs: number
  /** The rest after the first failure, in milliseconds; doubled for each further failure in a row. */
  firstFailureMs: number
  longestMs: number
}

/** The most hosts that are remembered; beyond it the one asked longest ago is forgotten. */
const maxHosts = 50_000

export function createHostPace(options: HostPaceOptions, now: () => number = Date.now): HostPace {
  const hosts = new LatestMap<string, { failures: number; notBefore: number }>(maxHosts)
  const remember = (host: string, failures: number, waitMs: number) => {
    hosts.set(host, { failures, notBefore: now() + waitMs })
  }
  return {
    restMs: (host) => Math.max(0, (hosts.get(host)?.notBefore ?? 0) - now()),
    answered: (host, waitMs = 0) => remember(host, 0, Math.max(waitMs, options.gapMs)),
    failed(host, waitMs = 0) {
      const failures = (hosts.get(host)?.failures ?? 0) + 1
      const backOffMs = options.firstFailureMs * 2 ** Math.min(failures - 1, 30)
      remember(host, failures, Math.max(waitMs, Math.min(backOffMs, options.longestMs)))
    },
  }
}
