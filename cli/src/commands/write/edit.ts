import { spawn } from 'node:child_process'
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { collections } from '@holdfast/lexicons/nsid'
import { Command } from 'commander'
import { parse, stringify } from 'yaml'
import { CommandError } from '../../command-error.ts'
import type { Connections } from '../../connections.ts'
import { print, printJson } from '../../output/terminal.ts'
import { withDescription } from '../../publish/describe.ts'
import { collect } from '../../publish/make-torrent.ts'
import { removeField, setField } from '../../records/fields.ts'
import { sameRecord } from '../../records/put-guarded.ts'
import { parseRecordUri } from '../../records/record-uri.ts'
import type { RecordJson, RecordPlace, RecordRef, Repo, StoredRecord } from '../../records/repo.ts'
import { assertValid } from '../../records/validate.ts'

interface Options {
  set?: string[]
  unset?: string[]
  file?: string
  account?: string
  json?: boolean
}

/** `holdfast edit`: changes one of one's own records, in an editor or by flags. */
export function editCommand(connections: Connections): Command {
  return new Command('edit')
    .argument('<at-uri>', 'the record')
    .option(
      '--set <field=value>',
      'set a field, such as risk.level=endangered or keywords.0.name=rivers; the value is YAML',
      collect,
    )
    .option('--unset <field>', 'remove a field', collect)
    .option('--file <path>', 'replace the record with this file, JSON or YAML')
    .option('--account <handle>', 'one of the signed-in accounts')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
The change is refused if somebody (you, elsewhere) changed the record in between.

Examples:
  $ holdfast edit at://did:plc:…/…/water-levels
  $ holdfast edit at://did:plc:…/…/water-levels --set risk.level=endangered --set 'risk.reason=The office closes'`,
    )
    .action(async (uri: string, options: Options) => {
      const place = parseRecordUri(uri, connections.config.authorities)
      const { repo, handle } = await connections.signIn(options.account)
      if (place.authority !== repo.did && place.authority !== handle)
        throw new CommandError(
          'auth',
          `${uri} does not belong to ${handle}; you can only change your own records. To continue somebody else's record: holdfast adopt.`,
        )
      const existing = await repo.get(place.collection, place.rkey)
      if (!existing) throw new CommandError('notFound', `There is no record ${uri}.`)
      const edited = await editedRecord(existing, options)
      const written = await write(repo, existing, { ...edited, place })
      if (written.action === 'updated') await noteFirstEdit(connections, existing)
      if (options.json) printJson(written)
      else print(`${written.uri} (${written.action})`)
    })
}

/**
 * Remembers the record as it was before its owner's first edit. A later publish compares with it to find which fields
 * the owner changed, if it has no earlier statement of its own.
 */
async function noteFirstEdit(connections: Connections, { uri, value }: StoredRecord): Promise<void> {
  const states = await connections.states()
  const { $type: _type, createdAt: _createdAt, ...before } = value
  if (!(await states.get(uri, 'edit'))) await states.remember(uri, 'edit', before)
}

interface Edited {
  readonly record: RecordJson
  /** The file that holds a change which could not be written. */
  readonly savedAs: string | undefined
}

async function editedRecord(existing: StoredRecord, options: Options): Promise<Edited> {
  if (options.file)
    return { record: parseRecord(await readFile(options.file, 'utf8'), options.file), savedAs: options.file }
  if (!options.set && !options.unset) return editInteractively(existing)
  let record = existing.value
  for (const field of options.unset ?? []) record = removeField(record, field)
  for (const assignment of options.set ?? []) {
    const [, field, value] = /^([^=]+)=([\s\S]*)$/.exec(assignment) ?? []
    if (field === undefined) throw new CommandError('usage', `--set ${assignment}: write field=value.`)
    record = setField(record, field, parse(value ?? ''))
  }
  return { record, savedAs: undefined }
}

async function editInteractively({ value }: StoredRecord): Promise<Edited> {
  const editor = process.env.VISUAL || process.env.EDITOR || 'vi'
  const file = join(await mkdtemp(join(tmpdir(), 'holdfast-edit-')), 'record.yaml')
  await writeFile(file, stringify(value, { lineWidth: 110 }), { mode: 0o600 })
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  // A shell runs `$EDITOR`, because it may contain flags.
  const [shell, ...args] =
    process.platform === 'win32' ? ['cmd', '/c', editor] : ['sh', '-c', `${editor} "$1"`, 'sh']
  const child = spawn(shell!, [...args, file], { stdio: 'inherit' })
  child.on('error', reject)
  child.on('exit', (code) => resolve(code ?? 1))
  if ((await promise) !== 0)
    throw new CommandError('failure', `${editor} ended with an error; nothing was changed.`)
  return { record: parseRecord(await readFile(file, 'utf8'), file), savedAs: file }
}

function parseRecord(text: string, place: string): RecordJson {
  try {
    const value: unknown = parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as RecordJson
  } catch (cause) {
    throw new CommandError('usage', `${place}: ${(cause as Error).message}`, { cause })
  }
  throw new CommandError('usage', `${place} does not contain a record.`)
}

interface Change extends Edited {
  readonly place: RecordPlace
}

async function write(
  repo: Repo,
  existing: StoredRecord,
  { record, place, savedAs }: Change,
): Promise<RecordRef & { action: string }> {
  if (sameRecord(existing.value, record)) return { uri: existing.uri, cid: existing.cid, action: 'unchanged' }
  const isDataset = place.collection === collections.dataset
  const whole = isDataset
    ? await withDescription(repo, record, {
        text: undefined,
        existing: existing.value,
      })
    : record
  const kept = savedAs ? ` Your change is saved in ${savedAs}.` : ''
  try {
    assertValid(place.collection, whole, 'The record')
    return { ...(await repo.put(place, whole, existing.cid)), action: 'updated' }
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    const why =
      error.kind === 'conflict'
        ? 'The record was changed elsewhere in the meantime; nothing was written.'
        : error.message
    throw new CommandError(error.kind, `${why}${kept}`, { cause: error })
  }
}
