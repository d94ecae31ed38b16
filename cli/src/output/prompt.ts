import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { CommandError } from '../command-error.ts'
import { ask, plain, tell } from './terminal.ts'

/** Asks for a secret without showing what is typed. Throws a CommandError if there is no terminal. */
export async function promptSecret(question: string): Promise<string> {
  requireTerminal('Pass the secret in the environment instead.')
  ask(question)
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true })
  try {
    return await lines.question('')
  } finally {
    lines.close()
    tell('')
  }
}

/** Asks a question and continues only if the answer is yes. Throws a CommandError if there is no terminal. */
export async function confirm(question: string): Promise<boolean> {
  requireTerminal('Pass --yes to go on without being asked.')
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(es)?$/i.test((await lines.question(`${plain(question)} [y/N] `)).trim())
  } finally {
    lines.close()
  }
}

function requireTerminal(advice: string): void {
  if (!process.stdin.isTTY) throw new CommandError('usage', `There is no terminal to ask on. ${advice}`)
}
