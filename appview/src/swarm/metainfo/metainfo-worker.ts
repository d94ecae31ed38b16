/**
 * Fetches and verifies the metainfo of pending torrents, until it is verified, refused, or seven days have passed.
 * It wakes as soon as a torrent row is committed. After a temporary failure it tries again with back-off.
 */

import {
  type PendingTorrent,
  readDueTorrents,
  readNextTorrentDue,
} from '../../catalog/swarms/metainfo-queue.ts'
import { createWakeUp } from '../../runtime/wake-up.ts'
import { channels } from '../../store/channels.ts'
import type { Catalog } from '../../store/open.ts'
import { createAttempts } from './metainfo-attempts.ts'
import { defaultLimits, type MetainfoWorkerParts } from './metainfo-limits.ts'
import { busiest, type InFlight, isBusy } from './metainfo-shares.ts'

/** Starts the worker; disposing of it stops fetching at once and loses nothing. */
export async function startMetainfoWorker(parts: MetainfoWorkerParts): Promise<AsyncDisposable> {
  const limits = { ...defaultLimits, ...parts.limits }
  const stop = new AbortController()
  const inFlight = new Map<number, InFlight>()
  const attempts = createAttempts(parts, limits, stop.signal)
  const wake = createWakeUp(stop.signal)
  const listener = await parts.catalog.listen(channels.pendingMetainfo, () => wake.now())

  function start(torrent: PendingTorrent): void {
    const job = attempts
      .attempt(torrent)
      .catch((err) =>
        parts.log.error(
          { err, uri: torrent.uri },
          'the outcome of fetching metainfo could not be written and will be tried again',
        ),
      )
      .finally(() => {
        inFlight.delete(torrent.id)
        wake.now()
      })
    inFlight.set(torrent.id, { did: torrent.did, pdsHost: torrent.pdsHost, job })
  }

  async function fill(): Promise<void> {
    for (;;) {
      const limit = limits.concurrency - inFlight.size
      const { dids, hosts } = busiest([...inFlight.values()], limits)
      const except = { except: [...inFlight.keys()], exceptDids: dids, exceptHosts: hosts }
      const due = limit > 0 ? await readDueTorrents(parts.catalog.db, { limit, ...except }) : []
      for (const torrent of due) if (!isBusy(torrent, [...inFlight.values()], limits)) start(torrent)
      if (due.length === 0) return
    }
  }

  const loop = (async () => {
    while (!stop.signal.aborted) {
      await fill().catch((err) =>
        parts.log.error({ err }, 'pending torrents could not be read and will be tried again'),
      )
      await wake.wait(await msUntilDue(parts.catalog))
    }
  })()

  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      wake.now()
      await attempts.stop()
      await Promise.allSettled([loop, ...[...inFlight.values()].map(({ job }) => job)])
      await attempts.release()
      await listener[Symbol.asyncDispose]()
    },
  }
}

/** Milliseconds until the next torrent is due, or until the store is asked again after a failure. */
async function msUntilDue(catalog: Catalog): Promise<number> {
  try {
    const due = await readNextTorrentDue(catalog.db)
    return due === undefined ? 60_000 : Math.min(Math.max(Date.parse(due) - Date.now(), 250), 60_000)
  } catch {
    return 1_000
  }
}
