import type { admin, describeServer, getStats } from '@holdfast/lexicons'
import { counted } from '@holdfast/runtime/counted'
import { Command } from 'commander'
import { outdatedAdvice } from '../store/index-version.ts'
import type { OperatorClient } from './operator-client.ts'

/** `holdfast-appview status`: the state of the running AppView. */
export function statusCommand(connect: () => OperatorClient): Command {
  return new Command('status')
    .description('show how well the AppView keeps up with the network, and what the index contains')
    .option('--json', 'print the answers as one JSON line')
    .action(async ({ json }: { json?: boolean }) => {
      const client = connect()
      const [server, ingest, { stats }] = await Promise.all([
        client.query<describeServer.$OutputBody>('describeServer'),
        client.query<admin.getIngestStatus.$OutputBody>('getIngestStatus'),
        client.query<getStats.$OutputBody>('getStats'),
      ])
      const text = json ? JSON.stringify({ server, ingest, stats }) : describe(server, ingest, stats)
      process.stdout.write(`${text}\n`)
    })
}

/** Only the operator can help repositories that are too large. */
export function describeTooLarge(repos: readonly admin.getIngestStatus.RepoCount[]): string[] {
  const count = repos.find(({ state }) => state === 'too-large')?.count ?? 0
  if (count === 0) return []
  return [
    `  ${counted(count, 'repository', 'repositories')} too large to be read; the log names the limit, and HOLDFAST_REPO_MEMORY can be raised`,
  ]
}

/** Decisions take effect at once, and the flags of records are updated afterwards; these lines say how many are left. */
export function describeSweeps(sweeps: readonly admin.getIngestStatus.Sweep[]): string[] {
  if (sweeps.length === 0) return []
  const lines = sweeps.map(({ subject, remaining, since }) => {
    const left = remaining === undefined ? 'records not counted yet' : `${counted(remaining, 'record')} to go`
    return `  ${subject}  ${left}, since ${since}`
  })
  return ['decisions that are in effect, while the flags of their records are still being updated', ...lines]
}

export function describeTotals({ datasets, torrents, infoHashes, authors }: getStats.Stats): string {
  const totals = [
    counted(datasets, 'dataset'),
    counted(torrents, 'torrent'),
    `${counted(infoHashes, 'content')} announced`,
    counted(authors, 'author'),
  ]
  return totals.join(', ')
}

function describe(
  server: describeServer.$OutputBody,
  ingest: admin.getIngestStatus.$OutputBody,
  stats: getStats.Stats,
): string {
  const hosts = ingest.hosts.map((host) => {
    const lag = host.lagMs === undefined ? '' : `, ${(host.lagMs / 1000).toFixed(1)} s behind`
    const waiting = host.waiting ? `, ${counted(host.waiting, 'event')} waiting` : ''
    const parked = host.parked ? `, ${host.parked} more waiting for the servers of their accounts` : ''
    const behind = host.caughtUp ? `, caught up${parked}` : `${lag}${waiting}${parked}`
    return `  ${host.host}  ${host.connected ? 'connected' : 'not connected'}${behind}${host.error ? `  (${host.error})` : ''}`
  })
  const onlyListed = (ingest.listings ?? []).filter(
    (one) => !ingest.hosts.some(({ host }) => host === one.host),
  )
  const listings = onlyListed.map(({ host, backfill: { state, reposTotal = 0 } }) => {
    return `  ${host}  ${counted(reposTotal, 'repository', 'repositories')} listed${state === 'done' ? '' : ' so far'}`
  })
  const list = (items: readonly { count: number }[], name: (item: never) => string) =>
    items.length === 0 ? 'none' : items.map((item) => `${item.count} ${name(item as never)}`).join(', ')
  return [
    `${server.name ?? server.url ?? 'Holdfast'} ${server.version}, admission ${server.admission}`,
    describeTotals(stats),
    ...(ingest.needsRebuild ? [outdatedAdvice] : []),
    ingest.caughtUp ? 'sources (all caught up)' : 'sources',
    ...hosts,
    ...listings,
    `repositories: ${list(ingest.repos, (item: admin.getIngestStatus.RepoCount) => item.state)}`,
    ...describeTooLarge(ingest.repos),
    `metainfo: ${list(ingest.metainfo ?? [], (item: admin.getIngestStatus.MetainfoCount) => item.status)}`,
    `refused: ${list(ingest.rejects, (item: admin.getIngestStatus.RejectCount) => item.reason)}`,
    ...describeSweeps(ingest.sweeps ?? []),
  ].join('\n')
}
