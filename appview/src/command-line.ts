import { readFile } from 'node:fs/promises'
import { Command, CommanderError } from 'commander'
import { admissionCommands } from './admin/admission-commands.ts'
import { exportIndex } from './admin/export.ts'
import { operatorClient } from './admin/operator-client.ts'
import { statusCommand } from './admin/status-command.ts'
import { openCatalog } from './catalog/open.ts'
import { type AppViewConfig, loadConfig, loadOperatorConfig } from './config.ts'
import { createGuardedFetch } from './guarded-fetch.ts'
import { exportArchive } from './ingest/archive/archive.ts'
import { createDidResolver } from './ingest/identity/did-resolver.ts'
import { createPdsClient } from './ingest/repo/pds-client.ts'
import { startAppView, version } from './main.ts'
import { type RebuildFrom, type RebuildProgress, rebuild } from './rebuild.ts'
import { messageOf, runUntilStopped } from './run-until-stopped.ts'

type Env = Readonly<Record<string, string | undefined>>

/** Runs `holdfast-appview …`; resolves with the exit code. */
export async function runCommand(args: readonly string[], env: Env): Promise<number> {
  let exitCode = 0
  const connect = () => operatorClient(loadOperatorConfig(env))
  const program = new Command('holdfast-appview')
    .description('The operator’s side of an AppView: serve it, look after it, decide what it shows.')
    .version(version)
    .exitOverride()
    .showHelpAfterError('(add --help for what can be written here)')
  program
    .command('serve', { isDefault: true })
    .description('follow the network and serve the index, until told to stop')
    .action(async () => {
      exitCode = await runUntilStopped(async (running) => {
        running.use(await startAppView(loadConfig(env)))
      })
    })
  program
    .command('rebuild')
    .description(
      'drop what came from the network and gather it anew; decisions and counts of this server stay',
    )
    .option('--from-archive <folder>', 'from what export --archive wrote, asking no host')
    .option('--from-dids <file>', 'only the accounts of this list, one DID a line, from their own hosts')
    .option(
      '--from-hosts <urls>',
      'from these relays or PDSes (wss://…, comma-separated) instead of the sources',
    )
    .action(async (options: RebuildArguments) => {
      exitCode = await runRebuild(env, options)
    })
  program
    .command('export')
    .description('write every visible record as a JSON line, while no AppView has the embedded store open')
    .option('--out <file>', 'where to; by default the standard output')
    .option('--torrents <folder>', 'write the .torrent files there as well, named by infohash')
    .option('--kind <kind>', 'only records of one kind, such as dataset')
    .option('--archive <folder>', 'instead: whole repositories as CARs and metainfo, to rebuild from')
    .action(async (options: { out?: string; torrents?: string; kind?: string; archive?: string }) => {
      if (options.archive !== undefined) {
        await writeArchive(loadConfig(env), options.archive)
        return
      }
      await using catalog = await openCatalog(loadConfig(env))
      const { out: file, torrents, kind } = options
      const done = await exportIndex(catalog.db, { file, torrents, kind, stdout: process.stdout })
      process.stderr.write(`${done.records} records, ${done.torrents} torrents\n`)
    })
  program.addCommand(statusCommand(connect))
  program.addCommand(admissionCommands(connect))
  try {
    await program.parseAsync([...args], { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode
    process.stderr.write(`${messageOf(error)}\n`)
    return 1
  }
  return exitCode
}

interface RebuildArguments {
  fromArchive?: string
  fromDids?: string
  fromHosts?: string
}

/** Reads what to rebuild from; each option stands for another place. */
async function rebuildSource(
  env: Env,
  { fromArchive, fromDids, fromHosts }: RebuildArguments,
): Promise<{ config: AppViewConfig; from?: RebuildFrom }> {
  if ([fromArchive, fromDids, fromHosts].filter((given) => given !== undefined).length > 1) {
    throw new Error('Rebuild from one place: --from-archive, --from-dids or --from-hosts.')
  }
  const config = loadConfig(fromHosts === undefined ? env : { ...env, HOLDFAST_SOURCES: fromHosts })
  if (fromArchive !== undefined) return { config, from: { archive: fromArchive } }
  if (fromDids === undefined) return { config }
  const lines = (await readFile(fromDids, 'utf8')).split('\n').map((line) => line.trim())
  return { config, from: { dids: lines.filter((line) => line.startsWith('did:')) } }
}

async function writeArchive(config: AppViewConfig, directory: string): Promise<void> {
  await using catalog = await openCatalog(config)
  const guardedFetch = createGuardedFetch(config)
  const done = await exportArchive(catalog.db, directory, {
    resolver: createDidResolver({ ...config, guardedFetch }),
    pds: createPdsClient(guardedFetch),
    signal: new AbortController().signal,
    onFailed: (did, error) => process.stderr.write(`${did} was left out: ${messageOf(error)}\n`),
  })
  process.stderr.write(`${done.repos} repositories, ${done.blobs} metainfo files, ${done.failed} left out\n`)
}

async function runRebuild(env: Env, options: RebuildArguments): Promise<number> {
  const { config, from } = await rebuildSource(env, options)
  const stop = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort())
  let last = ''
  const onProgress = (progress: RebuildProgress) => {
    const line = describe(progress)
    if (line !== last) process.stderr.write(`${line}\n`)
    last = line
  }
  try {
    await rebuild(config, {
      signal: stop.signal,
      onProgress,
      onImport: ({ repos, failed, records }) => {
        if ((repos + failed) % 100 === 0)
          process.stderr.write(`${repos} repositories, ${records} records read\n`)
      },
      ...(from ? { from } : {}),
    })
    return 0
  } catch (error) {
    if (!stop.signal.aborted) throw error
    process.stderr.write('Stopped before the end; serve goes on from here.\n')
    return 1
  }
}

function describe({ listed, hosts, repos, datasets, torrents, verifiedTorrents }: RebuildProgress): string {
  return `sources listed ${listed}/${hosts}, repositories ${repos.synchronized} read and ${repos.waiting} waiting, ${datasets} datasets, ${verifiedTorrents}/${torrents} torrents verified`
}
