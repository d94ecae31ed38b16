import { Command, Option } from 'commander'
import { stringify } from 'yaml'
import type { Connections } from '../../connections.ts'
import { exitCodes, Failure } from '../../failure.ts'
import { draftOf, importAll } from '../../import/import-all.ts'
import { describeLeftOver, kindOfField } from '../../import/left-over.ts'
import { type Input, inputKinds, readInput } from '../../import/read-input.ts'
import { progressBar } from '../../output/progress-bar.ts'
import { formatBytes, formatSeconds } from '../../output/quantities.ts'
import { note, plain, print, printJson, warn } from '../../output/terminal.ts'
import { assertDraft } from '../../publish/put-dataset.ts'
import { datasetSlug } from '../../publish/slug.ts'

interface Options {
  from?: (typeof inputKinds)[number]
  dryRun?: boolean
  account?: string
  json?: boolean
}

/** `holdfast import`: the datasets of a catalogue into one's own repo. */
export function importCommand(connections: Connections): Command {
  return new Command('import')
    .description(
      'publish the datasets of a catalogue; interrupted, it goes on where it stopped when run again',
    )
    .argument('<input>', 'a file, an https:// address, a bag, a directory of files, or - for standard input')
    .addOption(new Option('--from <kind>', 'what it is (default: found out)').choices(inputKinds))
    .option('--dry-run', 'show the records and every field that does not fit; write nothing')
    .option('--account <handle>', 'one of the signed-in accounts')
    .option('--json', 'print a line of JSON for each dataset')
    .addHelpText(
      'after',
      `
Reads DCAT-US data.json, DCAT and schema.org JSON-LD, Croissant, DataCite JSON, CKAN packages, BagIt bags and the
Registry of Open Data on AWS. Keys come from the source's identifiers. The pace is what the PDS's rate limits allow. A
record that says the same already is not written, so the same import again writes nothing.

Examples:
  $ holdfast import https://www.example.gov/data.json --dry-run
  $ holdfast import open-data-registry/datasets
  $ holdfast import ./bag && holdfast publish ./bag --for AT-URI`,
    )
    .action(async (place: string, options: Options) => {
      const fetch = await connections.strangerFetch({ timeoutMs: 300_000, maxBytes: 512 * 2 ** 20 })
      const input = await readInput(place, { kind: options.from, fetch })
      if (options.dryRun) dryRun(input, options)
      else await run(connections, input, options)
    })
}

function dryRun(input: Input, options: Options): void {
  let faults = 0
  for (let index = 0; index < input.count; index++) {
    try {
      const imported = input.importAt(index, { createdAt: new Date().toISOString() })
      const draft = draftOf(imported)
      assertDraft(draft)
      const rkey = draft.rkey ?? datasetSlug(draft.record)
      const description =
        imported.descriptionMarkdown ?? (draft.record.description as string | undefined) ?? ''
      const descriptionBytes = Buffer.byteLength(description)
      if (options.json) {
        printJson({ rkey, record: draft.record, descriptionBytes, leftOver: imported.leftOver })
        continue
      }
      print(`--- # ${rkey}`)
      print(stringify(draft.record, { lineWidth: 110 }).trimEnd())
      if (imported.descriptionMarkdown)
        print(`# the whole description (${formatBytes(descriptionBytes)}) goes into descriptionBlob`)
      for (const line of describeLeftOver(imported.leftOver)) print(`# did not fit: ${line}`)
    } catch (error) {
      faults++
      reportFault(input.nameAt(index), (error as Error).message, options)
    }
  }
  note(`${input.count} datasets of kind ${input.kind}; ${faults} cannot be imported. Nothing was written.`)
  if (faults > 0) process.exitCode = exitCodes.failure
}

async function run(connections: Connections, input: Input, options: Options): Promise<void> {
  using bar = progressBar()
  const counts = { created: 0, updated: 0, unchanged: 0, failed: 0 }
  const homeless = new Set<string>()
  const show = (remark?: string) => {
    const done = counts.created + counts.updated + counts.unchanged + counts.failed
    bar.update({ label: input.kind, done, total: input.count, unit: 'items', ...(remark && { remark }) })
  }
  const { repo } = await connections.signIn(options.account, (waitMs) => {
    const remark = `waiting ${formatSeconds(waitMs / 1000)} for the PDS’s rate limit`
    if (waitMs > 30_000 && !process.stderr.isTTY) warn(remark)
    else show(remark)
  })
  const stop = new AbortController()
  const interrupt = () => stop.abort()
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  try {
    for await (const outcome of importAll(repo, input, stop.signal)) {
      if ('problem' in outcome) {
        counts.failed++
        reportFault(outcome.name, outcome.problem, options)
      } else {
        counts[outcome.written.action]++
        for (const { field } of outcome.leftOver) homeless.add(kindOfField(field))
        if (options.json) printJson(outcome.written)
      }
      show()
    }
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
  const summary = Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ')
  if (stop.signal.aborted)
    throw new Failure('interrupted', `Stopped (${summary} of ${input.count}); run the same command to go on.`)
  if (homeless.size > 0)
    warn(
      `${homeless.size} kinds of field found no place (${[...homeless].slice(0, 8).map(plain).join(', ')}${homeless.size > 8 ? ', …' : ''}); --dry-run shows them.`,
    )
  if (options.json) printJson({ total: input.count, ...counts })
  else print(`${input.count} datasets: ${summary}`)
  if (counts.failed > 0) process.exitCode = exitCodes.failure
}

function reportFault(name: string, problem: string, options: Options): void {
  if (options.json) printJson({ name, problem })
  else warn(`${plain(name)}: ${problem}`)
}
