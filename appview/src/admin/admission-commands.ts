import type { admin } from '@holdfast/lexicons'
import { counted } from '@holdfast/runtime/counted'
import { Command, InvalidArgumentError } from 'commander'
import type { OperatorClient } from './operator-client.ts'

/** `holdfast-appview admin allow|deny|restore|list`: a decision takes effect in every interface and on trackers within a second. */
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
      .option('--json', 'print the answer as one JSON line')
      .action(async (subject: string, options: { reason?: string; json?: boolean }) => {
        const body = { subject, action, ...(options.reason !== undefined && { reason: options.reason }) }
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
  return commands
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
