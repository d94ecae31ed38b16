import { userInfo } from 'node:os'
import type { admin } from '@holdfast/lexicons'
import { counted } from '@holdfast/runtime/counted'
import { Command, InvalidArgumentError } from 'commander'
import { exportDecisions, importDecisions } from './decision-files.ts'
import type { OperatorClient } from './operator-client.ts'

/** `holdfast-appview admin allow|deny|restore|list|history|export|import`: a decision takes effect in every interface and on trackers within a second. */
export function admissionCommands(connect: () => OperatorClient): Command {
  const commands = new Command('admin').description(
    'decide which accounts, records and content are let in and which are kept out',
  )
  const decisions = [
    ['allow', 'let in'],
    ['deny', 'keep out, at once and everywhere,'],
    ['restore', 'take back the decision on'],
  ] as const
  for (const [action, does] of decisions) {
    commands
      .command(action)
      .description(`${does} an account, a record, or content under all its infohashes`)
      .argument('<subject>', 'a DID, handle, AT-URI, infohash in any form, or magnet link')
      .option('--reason <text>', 'why; it is stored, and shown to an author who asks')
      .option('--by <name>', byHelp, whoIsHere())
      .option('--json', 'print the answer as one JSON line')
      .action(async (subject: string, options: { reason?: string; by: string; json?: boolean }) => {
        const { reason, by } = options
        const body = { subject, action, by, ...(reason !== undefined && { reason }) }
        const result = await connect().call<admin.updateAdmission.$OutputBody>('updateAdmission', body)
        print(options.json ? JSON.stringify(result) : describe(result))
      })
  }
  commands
    .command('list')
    .description('list decisions, or what waits for one, latest first')
    .option('--state <state>', 'allowed, denied or awaiting-review')
    .option('--kind <kind>', 'account, record or content')
    .option('--limit <count>', 'how many', count, 50)
    .option('--json', 'print the answer as one JSON line')
    .action(async ({ json, ...params }: { state?: string; kind?: string; limit: number; json?: boolean }) => {
      const result = await connect().query<admin.listAdmissions.$OutputBody>('listAdmissions', params)
      if (json) return print(JSON.stringify(result))
      for (const view of result.admissions)
        print([view.state, view.subject, view.title, view.reason].filter(Boolean).join('\t'))
      if (result.admissions.length === 0) print('no entries')
    })
  commands
    .command('history')
    .description('list every decision that was made, also those taken back, latest first')
    .option('--subject <subject>', 'only decisions on this account, record or content')
    .option('--limit <count>', 'how many', count, 50)
    .option('--json', 'print the answer as one JSON line')
    .action(async ({ json, ...params }: { subject?: string; limit: number; json?: boolean }) => {
      const result = await connect().query<admin.listDecisions.$OutputBody>('listDecisions', params)
      if (json) return print(JSON.stringify(result))
      for (const { createdAt, by, action, subject, reason } of result.decisions)
        print([createdAt, by ?? '-', action, subject, reason].filter(Boolean).join('\t'))
      if (result.decisions.length === 0) print('no decisions')
    })
  commands
    .command('export')
    .description('write the decisions that stand as JSON lines, for import into another index')
    .argument('[file]', 'the file to write, which must not exist (default: standard output)')
    .action(async (file: string | undefined) => {
      const written = await exportDecisions(connect(), file)
      process.stderr.write(`${counted(written, 'decision')}\n`)
    })
  commands
    .command('import')
    .description('make the decisions in a file that export wrote; what stands already is left as it is')
    .argument('<file>', 'JSON lines, each with subject, action and, if you like, reason')
    .option('--by <name>', byHelp, whoIsHere())
    .option('--json', 'print the result as one JSON line')
    .action(async (file: string, { by, json }: { by: string; json?: boolean }) => {
      const { made, unchanged } = await importDecisions(connect(), file, by)
      if (json) return print(JSON.stringify({ made, unchanged }))
      print(`${counted(made, 'decision')} made; ${unchanged} stood already`)
    })
  return commands
}

const byHelp = 'who decides, for the history'

/** The name of whoever is signed in to this machine. */
function whoIsHere(): string {
  try {
    return userInfo().username
  } catch {
    return 'operator'
  }
}

function describe({ admission, affected }: admin.updateAdmission.$OutputBody): string {
  return `${admission.subject} is ${admission.state}; ${counted(affected, 'record was', 'records were')} shown or hidden by this`
}

function count(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1 || value > 500)
    throw new InvalidArgumentError('write a number from 1 to 500')
  return value
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
