import { Command, CommanderError } from 'commander'
import { admissionCommands } from './admin/admission-commands.ts'
import { operatorClient } from './admin/operator-client.ts'
import { statusCommand } from './admin/status-command.ts'
import { loadConfig, loadOperatorConfig } from './config.ts'
import { startAppView, version } from './main.ts'
import { runUntilStopped } from './run-until-stopped.ts'

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
  program.addCommand(statusCommand(connect))
  program.addCommand(admissionCommands(connect))
  try {
    await program.parseAsync([...args], { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode
    process.stderr.write(`${(error as Error).message}\n`)
    return 1
  }
  return exitCode
}
