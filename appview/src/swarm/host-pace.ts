import { LatestMap } from '../catalog/latest-map.ts'

/** How often strangers' hosts are asked: a rest after each answer, and one that doubles with each failure. */
export interface HostPace {
  /** Milliseconds until the host may be asked; 0 for now. */
  restMs(host: string): number
  answered(host: string, waitMs?: number): void
  failed(host: string, waitMs?: number): void
}

export interface HostPaceOptions {
  /** After an answer. */
  gapMs: number
  /** After the first failure in a row; doubled for each that follows. */
  firstFailureMs: number
  longestMs: number
}

/** Beyond so many hosts the one that was asked longest ago is forgotten. */
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
