import { readFile } from 'node:fs/promises'
import type { admin, defs } from '@holdfast/lexicons'
import { openNewFile } from '@holdfast/runtime/new-file'
import { OperatorError } from '@holdfast/runtime/operator-error'
import type { OperatorClient } from './operator-client.ts'

/** A line of the file: a decision that stands. */
interface FiledDecision {
  readonly subject: string
  readonly action: 'allow' | 'deny' | 'restore'
  readonly reason?: string
}

/** The most that one answer of listAdmissions holds. */
const pageSize = 500

/**
 * Writes the decisions that stand, oldest first, so that the file of a longer history only grows. Resolves with how many.
 *
 * @throws OperatorError when the file exists
 */
export async function exportDecisions(client: OperatorClient, file: string | undefined): Promise<number> {
  const views: defs.AdmissionView[] = []
  let cursor: string | undefined
  do {
    const page: admin.listAdmissions.$OutputBody = await client.query('listAdmissions', {
      limit: pageSize,
      cursor,
    })
    views.push(...page.admissions)
    cursor = page.cursor
  } while (cursor !== undefined)
  const text = views
    .reverse()
    .map(({ subject, state, reason, updatedAt }) => {
      const action = state === 'allowed' ? 'allow' : 'deny'
      return `${JSON.stringify({ subject, action, ...(reason && { reason }), decidedAt: updatedAt })}\n`
    })
    .join('')
  if (file === undefined) process.stdout.write(text)
  else await writeNew(file, text)
  return views.length
}

/**
 * Makes the decisions of a file, the last one on each subject. Nothing is decided if any line cannot be read.
 *
 * @throws OperatorError that names each such line
 */
export async function importDecisions(
  client: OperatorClient,
  file: string,
  by: string,
): Promise<{ made: number; unchanged: number }> {
  const wanted = new Map(
    readDecisions(await read(file), file).map((decision) => [decision.subject, decision]),
  )
  let made = 0
  for (const { subject, action, reason } of wanted.values()) {
    const { admissions } = await client.query<admin.listAdmissions.$OutputBody>('listAdmissions', { subject })
    const state = { allow: 'allowed', deny: 'denied', restore: 'awaiting-review' }[action]
    const stands = admissions.every((view) => view.state === state && (view.reason ?? '') === (reason ?? ''))
    if (stands) continue
    await client.call('updateAdmission', { subject, action, by, ...(reason !== undefined && { reason }) })
    made++
  }
  return { made, unchanged: wanted.size - made }
}

function readDecisions(text: string, file: string): FiledDecision[] {
  const lines = text.split(/\r?\n/).map((line, at) => ({ line, at: at + 1 }))
  const parsed = lines
    .filter(({ line }) => line.trim() !== '')
    .map(({ line, at }) => ({ at, decision: parse(line) }))
  const wrong = parsed.filter(({ decision }) => decision === undefined).map(({ at }) => at)
  if (wrong.length > 0)
    throw new OperatorError(
      `${file} was not imported: ${wrong.length === 1 ? 'line' : 'lines'} ${wrong.slice(0, 20).join(', ')} should be like {"subject": "did:plc:…", "action": "deny", "reason": "…"}, with allow, deny or restore as the action.`,
    )
  return parsed.map(({ decision }) => decision!)
}

function parse(line: string): FiledDecision | undefined {
  try {
    const { subject, action, reason = undefined } = JSON.parse(line) as Record<string, unknown>
    const isRight =
      typeof subject === 'string' &&
      (action === 'allow' || action === 'deny' || action === 'restore') &&
      (reason == null || typeof reason === 'string')
    return isRight ? { subject, action, ...(reason != null && { reason }) } : undefined
  } catch {
    return undefined
  }
}

async function read(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause) => {
    throw new OperatorError(`Cannot read ${file}: ${(cause as Error).message}`, { cause })
  })
}

async function writeNew(file: string, text: string): Promise<void> {
  await using out = await openNewFile(file)
  await out.writeFile(text)
}
