import { createInterface } from 'node:readline/promises'

const what =
  'A rebuild reads everything from the network again and then replaces the index. Until then it needs the disk space of a second index.'

/** Asks at the terminal whether to go on. Without a terminal the answer is no, and a message names the option to use. */
export async function confirmRebuild(
  input: NodeJS.ReadStream = process.stdin,
  output: NodeJS.WriteStream = process.stderr,
): Promise<boolean> {
  if (!input.isTTY) {
    output.write(`${what} There is no terminal to ask at: add --yes to go ahead.\n`)
    return false
  }
  const asking = createInterface({ input, output })
  try {
    const answer = await asking.question(`${what} Go on? [y/N] `)
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    asking.close()
  }
}
