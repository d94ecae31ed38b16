import { setTimeout } from 'node:timers/promises'
import { Command, Option } from 'commander'
import { CommandError } from '../../command-error.ts'
import type { Connections, SignedIn } from '../../connections.ts'
import { ownClaims } from '../../gather/claims.ts'
import { onInterruption } from '../../interruption.ts'
import { note, warn } from '../../output/terminal.ts'
import { wholeNumber } from '../../whole-number.ts'
import { type NextOptions, nextOptions, partOf, runPart, showGathered, takeNext } from './claim.ts'

interface Options extends NextOptions {
  wait: boolean
  parts?: number
}

/** `holdfast work`: gathers one part after the other until none is left. */
export function workCommand(connections: Connections): Command {
  return nextOptions(
    new Command('work')
      .argument('[dataset]', 'AT-URI of a dataset (default: any)')
      .addOption(
        new Option('--parts <n>', 'stop after so many parts').argParser(wholeNumber('--parts', 1_000_000)),
      )
      .option('--no-wait', 'end when no part is open, instead of waiting for one'),
  )
    .addHelpText(
      'after',
      `
Parts that you hold already are finished first, so a run that was stopped goes on with what it had; files that were
fetched are not fetched again. Ctrl-C stops it.

Examples:
  $ holdfast work at://did:plc:…/…/tides --dir /data
  $ holdfast work --max 20GB --no-wait`,
    )
    .action((dataset: string | undefined, options: Options) =>
      work(connections, dataset, { ...options, run: true }),
    )
}

/** How long to wait before asking again when nothing is open. */
const pauseMs = 60_000

async function work(connections: Connections, dataset: string | undefined, options: Options): Promise<void> {
  const account = await connections.signIn(options.account)
  using interruption = onInterruption('Stopped; run holdfast work again to go on.')
  const { signal } = interruption
  let done = 0
  const isEnough = () => options.parts !== undefined && done >= options.parts
  for (const claim of await ownClaims(account.repo)) {
    if (isEnough()) return
    const part = await partOf(connections, claim, options.appview).catch((error) => {
      if (error instanceof CommandError && error.kind === 'notFound') return undefined
      throw error
    })
    if (!part || (dataset !== undefined && part.dataset.uri !== dataset)) continue
    note('Going on with a part that you hold.')
    showGathered(
      await runPart(connections, account, { part, taken: { claim: claim.uri, rkey: claim.rkey }, options }),
      options,
    )
    done++
  }
  while (!signal.aborted && !isEnough()) {
    const taken = await takeOrWait(connections, account, { dataset, options, signal })
    if (!taken) return
    showGathered(await runPart(connections, account, { part: taken.lease.part, taken, options }), options)
    done++
  }
  signal.throwIfAborted()
}

/** Takes the next part; waits for one unless the options say not to. Undefined when there is none. */
async function takeOrWait(
  connections: Connections,
  account: SignedIn,
  { dataset, options, signal }: { dataset: string | undefined; options: Options; signal: AbortSignal },
) {
  for (;;) {
    signal.throwIfAborted()
    try {
      return await takeNext(connections, account, dataset, options)
    } catch (error) {
      const mayPass = error instanceof CommandError && (error.kind === 'notFound' || error.kind === 'network')
      if (!mayPass || /Nothing is left/.test(error.message)) {
        if (mayPass) return undefined
        throw error
      }
      if (!options.wait) {
        warn(error.message)
        return undefined
      }
      note(`${error.message} Asking again in a minute.`)
      await setTimeout(pauseMs, undefined, { signal })
    }
  }
}
