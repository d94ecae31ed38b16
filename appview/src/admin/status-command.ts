import type { describeServer, getIngestStatus, getStats } from '@holdfast/lexicons'
import { Command } from 'commander'
import type { OperatorClient } from './operator-client.ts'

/** `holdfast-appview status`: how the running AppView goes. */
export function statusCommand(connect: () => OperatorClient): Command {
  return new Command('status')
    .description('how following the network goes, and what the index holds')
    .option('--json', 'print the answers as one JSON line')
    .action(async ({ json }: { json?: boolean }) => {
      const client = connect()
      const [server, ingest, { stats }] = await Promise.all([
        client.query<describeServer.$OutputBody>('describeServer'),
        client.query<getIngestStatus.$OutputBody>('getIngestStatus'),
        client.query<getStats.$OutputBody>('getStats'),
      ])
      const text = json ? JSON.stringify({ server, ingest, stats }) : describe(server, ingest, stats)
      process.stdout.write(`${text}\n`)
    })
}

function describe(
  server: describeServer.$OutputBody,
  ingest: getIngestStatus.$OutputBody,
  stats: getStats.Stats,
): string {
  const hosts = ingest.hosts.map((host) => {
    const lag = host.lagMs === undefined ? '' : `, ${(host.lagMs / 1000).toFixed(1)} s behind`
    return `  ${host.host}  ${host.connected ? 'connected' : 'not connected'}${lag}${host.error ? `  (${host.error})` : ''}`
  })
  const list = (items: readonly { count: number }[], name: (item: never) => string) =>
    items.length === 0 ? 'none' : items.map((item) => `${item.count} ${name(item as never)}`).join(', ')
  return [
    `${server.name ?? server.url ?? 'Holdfast'} ${server.version}, admission ${server.admission}`,
    `${stats.datasets} datasets, ${stats.torrents} torrents, ${stats.infoHashes} contents announced, ${stats.authors} authors`,
    'sources',
    ...hosts,
    `repositories: ${list(ingest.repos, (item: getIngestStatus.RepoCount) => item.state)}`,
    `metainfo: ${list(ingest.metainfo ?? [], (item: getIngestStatus.MetainfoCount) => item.status)}`,
    `refused: ${list(ingest.rejects, (item: getIngestStatus.RejectCount) => item.reason)}`,
  ].join('\n')
}
