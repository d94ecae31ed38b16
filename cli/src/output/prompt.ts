import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { Failure } from '../failure.ts'

/** Asks for a secret without showing what is typed. Throws a Failure where nobody can answer. */
export async function promptSecret(question: string): Promise<string> {
  requireTerminal('Pass the secret by the environment instead.')
  process.stderr.write(question)
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true })
  try {
    return await lines.question('')
  } finally {
    lines.close()
    process.stderr.write('\n')
  }
}

/** Asks a question whose answer must be yes. Throws a Failure where nobody can answer. */
export async function confirm(question: string): Promise<boolean> {
  requireTerminal('Pass --yes to go on without being asked.')
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim())
  } finally {
    lines.close()
  }
}

function requireTerminal(advice: string): void {
  if (!process.stdin.isTTY) throw new Failure('usage', `Nobody is at the terminal to answer. ${advice}`)
}
