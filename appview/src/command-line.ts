import { readFile } from 'node:fs/promises'
import { counted } from '@holdfast/runtime/counted'
import { messageOf, OperatorError } from '@holdfast/runtime/operator-error'
import { describeSettings } from '@holdfast/runtime/settings'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { admissionCommands } from './admin/admission-commands.ts'
import { backUp, restore } from './admin/backup-commands.ts'
import { exportIndex } from './admin/export.ts'
import { operatorClient } from './admin/operator-client.ts'
import { statusCommand } from './admin/status-command.ts'
import { type AppViewConfig, loadConfig, loadOperatorConfig, readConfig } from './config.ts'
import { confirmRebuild } from './confirm-rebuild.ts'
import { exportArchive } from './ingest/archive/archive.ts'
import { createDidResolver } from './ingest/identity/did-resolver.ts'
import { createPdsClient } from './ingest/state/pds-client.ts'
import { startAppView, version } from './main.ts'
import { openOutbound } from './open-outbound.ts'
import { type RebuildProgress, rebuild } from './rebuild.ts'
import type { RebuildFrom } from './rebuild-sources.ts'
import { runUntilStopped } from './runtime/run-until-stopped.ts'
import { moveToPostgres } from './store/move.ts'
import { migrate, openCatalog } from './store/open.ts'

type Env = Readonly<Record<string, string | undefined>>

/** Runs `holdfast-appview …`; resolves with the exit code. */
export async function runCommand(args: readonly string[], env: Env): Promise<number> {
  let exitCode = 0
  const connect = () => operatorClient(loadOperatorConfig(env))
  const program = new Command('holdfast-appview')
    .description(
      'Commands for the operator of an AppView: serve the index, look after it, decide what it shows.',
    )
    .version(version)
    .showHelpAfterError('(add --help to see what this command accepts)')
  program
    // A first word that is no command must be reported as such, and not as an argument of `serve`.
    .command('serve', { isDefault: args[0] === undefined || args[0].startsWith('-') })
    .description('follow the network and serve the index until stopped by a signal')
    .option('--config-check', 'print the settings in force, or what is wrong with them, and end')
    .addHelpText(
      'after',
      '\nSettings are environment variables, also from a file .env in the working directory; .env.example lists them.\n\nExamples:\n  holdfast-appview serve\n  HOLDFAST_DATABASE_URL_FILE=/run/secrets/database holdfast-appview serve --config-check',
    )
    .action(async ({ configCheck }: { configCheck?: boolean }) => {
      if (configCheck) {
        process.stdout.write(describeSettings(readConfig(env).inForce))
        return
      }
      exitCode = await runUntilStopped(async (running, onBroken) => {
        running.use(await startAppView(loadConfig(env), { onBroken }))
      })
    })
  program
    .command('migrate')
    .description(
      'bring the tables of the database up to date for this version, while processes of the version before go on',
    )
    .option('--json', 'print how many migrations were made as one JSON line')
    .addHelpText(
      'after',
      '\nA process with all roles does this when it starts; one with only some of them (HOLDFAST_ROLES) refuses to start until it is done.\n\nExample:\n  HOLDFAST_DATABASE_URL=postgres://me@localhost/index holdfast-appview migrate',
    )
    .action(async ({ json }: { json?: boolean }) => {
      const made = await migrate(loadConfig(env))
      const text = `${counted(made.catalog, 'migration')} of the catalog and ${made.local} of what is local made in ${(made.tookMs / 1000).toFixed(1)} s`
      process.stdout.write(`${json ? JSON.stringify(made) : text}\n`)
    })
  program
    .command('rebuild')
    .description(
      'read everything from the network again, then replace the index with the result; what this server decided and counted stays',
    )
    .addOption(
      new Option(
        '--from-archive <folder>',
        'read from a folder that export --archive wrote, without asking any host',
      ).conflicts(['fromDids', 'fromHosts']),
    )
    .addOption(
      new Option(
        '--from-dids <file>',
        'read only the accounts in this list (one DID on each line), each from its own host',
      ).conflicts('fromHosts'),
    )
    .option(
      '--from-hosts <urls>',
      'read from these relays or PDSes (wss://…, comma-separated) instead of HOLDFAST_SOURCES and HOLDFAST_BACKFILL',
    )
    .option('--continue', 'continue a rebuild that was stopped, with what it had found')
    .option(
      '--at-least <percent>',
      'replace the index only if at least this share of its records was found again (default: 90)',
      readShare,
    )
    .option('--yes', 'do not ask before the index is replaced')
    .addHelpText(
      'after',
      '\nStop the server first, and start it again once the rebuild has begun: it serves the old index until the new one is complete.\n\nExamples:\n  holdfast-appview rebuild --yes\n  holdfast-appview rebuild --from-archive ./archive --at-least 50\n  holdfast-appview rebuild --continue --yes',
    )
    .action(async (options: RebuildArguments) => {
      if (!options.yes && !(await confirmRebuild())) {
        exitCode = 2
        return
      }
      exitCode = await runRebuild(env, options)
    })
  program
    .command('export')
    .description(
      'write every visible record as a JSON line (with the embedded database, stop the AppView first)',
    )
    .option('--out <file>', 'the file to write (default: standard output)')
    .option(
      '--torrents <folder>',
      'also write the .torrent files into this folder, each named by its infohash',
    )
    .option('--kind <kind>', 'only records of one kind, such as dataset')
    .option(
      '--archive <folder>',
      'instead of JSON lines, write whole repositories (as CAR files) and metainfo, for rebuild --from-archive',
    )
    .action(async (options: { out?: string; torrents?: string; kind?: string; archive?: string }) => {
      if (options.archive !== undefined) {
        await writeArchive(loadConfig(env), options.archive)
        return
      }
      await using catalog = await openCatalog(loadConfig(env))
      const { out: file, torrents, kind } = options
      const done = await exportIndex(catalog.db, { file, torrents, kind, stdout: process.stdout })
      process.stderr.write(`${counted(done.records, 'record')}, ${counted(done.torrents, 'torrent')}\n`)
    })
  program
    .command('backup')
    .description(
      'write what only this server knows (decisions, histories of swarms and sources) into one file, while it runs',
    )
    .argument('<file>', 'the file to write, which must not exist; it is compressed with gzip')
    .option('--json', 'print how many rows of each table as one JSON line')
    .addHelpText('after', '\nExample:\n  holdfast-appview backup holdfast-$(date +%F).gz')
    .action(async (file: string, { json }: { json?: boolean }) => {
      const { config, inForce } = readConfig(env)
      const settings = describeSettings(inForce)
      printRows(await backUp(file, { config, client: connect, version, settings }), 'backed up', json)
    })
  program
    .command('restore')
    .description('restore what backup wrote; stop the AppView first')
    .argument('<file>', 'a file that backup wrote')
    .option('--replace', 'delete the decisions and histories that this database has first')
    .option('--json', 'print how many rows of each table as one JSON line')
    .addHelpText(
      'after',
      '\nThe index itself is gathered again from the network. The settings that were in force are the first line of the file:\n\nExamples:\n  holdfast-appview restore holdfast-2026-11-30.gz\n  zcat holdfast-2026-11-30.gz | head -1',
    )
    .action(async (file: string, { replace, json }: { replace?: boolean; json?: boolean }) => {
      printRows(await restore(file, loadConfig(env), { replaces: replace === true }), 'restored', json)
    })
  program
    .command('move')
    .description('move everything from the embedded database to an empty PostgreSQL; stop the AppView first')
    .option('--json', 'print how many rows of each table as one JSON line')
    .addHelpText(
      'after',
      '\nThe embedded database in HOLDFAST_DATA_DIR stays as it is. Start the AppView with the same HOLDFAST_DATABASE_URL afterwards.\n\nExample:\n  HOLDFAST_DATABASE_URL=postgres://me@localhost/index holdfast-appview move',
    )
    .action(async ({ json }: { json?: boolean }) => {
      const { dataDir, databaseUrl } = loadConfig(env)
      if (databaseUrl === undefined)
        throw new OperatorError('HOLDFAST_DATABASE_URL is not set: write the PostgreSQL database to move to')
      const progress = createProgress(process.stderr)
      const moved = await moveToPostgres({ dataDir }, { databaseUrl }, ({ done, total }) =>
        progress(`${Math.floor((100 * done) / total)} % (${done} of ${total} rows)`),
      )
      progress(undefined)
      printRows(Object.fromEntries(moved), 'moved', json)
    })
  program.addCommand(statusCommand(connect))
  program.addCommand(admissionCommands(connect))
  throwErrors(program)
  try {
    await program.parseAsync([...args], { from: 'user' })
  } catch (error) {
    // What commander reports is help, which was asked for, or wrong usage.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    process.stderr.write(`${messageOf(error)}\n`)
    return 1
  }
  return exitCode
}

/** Makes a command and those below it throw a CommanderError where they would end the process. */
function throwErrors(command: Command): void {
  command.exitOverride()
  for (const child of command.commands) throwErrors(child)
}

/** Shows one line in place of the one before it, at a terminal only; undefined clears it. */
function createProgress(output: NodeJS.WriteStream): (line: string | undefined) => void {
  return (line) => {
    if (output.isTTY) output.write(`\r\u001b[K${line ?? ''}`)
  }
}

function printRows(rows: Readonly<Record<string, number>>, done: string, json: boolean | undefined): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(rows)}\n`)
    return
  }
  for (const [table, count] of Object.entries(rows))
    process.stdout.write(`${counted(count, 'row')} of ${table} ${done}\n`)
}

interface RebuildArguments {
  continue?: boolean
  /** A share from 0 to 1. */
  atLeast?: number
  yes?: boolean
  fromArchive?: string
  fromDids?: string
  fromHosts?: string
}

/** Reads what to rebuild from. */
async function rebuildSource(
  env: Env,
  { fromArchive, fromDids, fromHosts }: RebuildArguments,
): Promise<{ config: AppViewConfig; from?: RebuildFrom }> {
  const hosts = { HOLDFAST_SOURCES: fromHosts, HOLDFAST_BACKFILL: undefined }
  const config = loadConfig(fromHosts === undefined ? env : { ...env, ...hosts })
  if (fromArchive !== undefined) return { config, from: { archive: fromArchive } }
  if (fromDids === undefined) return { config }
  const lines = (await readFile(fromDids, 'utf8')).split('\n').map((line) => line.trim())
  return { config, from: { dids: lines.filter((line) => line.startsWith('did:')) } }
}

function readShare(percent: string): number {
  const share = Number(percent.replace(/\s*%$/, '')) / 100
  if (percent.trim() !== '' && share >= 0 && share <= 1) return share
  throw new InvalidArgumentError('Write a percentage from 0 to 100.')
}

async function writeArchive(config: AppViewConfig, directory: string): Promise<void> {
  await using catalog = await openCatalog(config)
  const guardedFetch = openOutbound(config)
  const done = await exportArchive(catalog.db, directory, {
    resolver: createDidResolver({ ...config, guardedFetch }),
    pds: createPdsClient(guardedFetch),
    signal: new AbortController().signal,
    onFailed: (did, error) => process.stderr.write(`${did} was left out: ${messageOf(error)}\n`),
  })
  process.stderr.write(
    `${repositories(done.repos)}, ${counted(done.blobs, 'metainfo file')}, ${done.failed} left out\n`,
  )
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
          process.stderr.write(`${repositories(repos)}, ${counted(records, 'record')} read\n`)
      },
      ...(from ? { from } : {}),
      goesOn: options.continue === true,
      ...(options.atLeast !== undefined && { leastShare: options.atLeast }),
    })
    return 0
  } catch (error) {
    if (!stop.signal.aborted) throw error
    process.stderr.write(
      'Stopped before the end. The index was not changed; rebuild --continue continues from here.\n',
    )
    return 1
  }
}

function describe({ listed, hosts, repos, datasets, torrents, verifiedTorrents }: RebuildProgress): string {
  return [
    `${listed}/${counted(hosts, 'source')} listed`,
    `${repositories(repos.synchronized)} read, ${repos.waiting} waiting`,
    counted(datasets, 'dataset'),
    `${verifiedTorrents}/${counted(torrents, 'torrent')} verified`,
  ].join('; ')
}

function repositories(count: number): string {
  return counted(count, 'repository', 'repositories')
}
