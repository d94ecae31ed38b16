/**
 * `npm run attack -- [NAME …] [--json]`: measures what honest users experience while an attacker attacks an index on
 * this machine.
 */
import { parseArgs } from 'node:util'
import { startAttackedIndex } from './attacked-index.ts'
import { attacks, victimBudget } from './attacks.ts'
import { limits, type Watched, watch } from './watch.ts'

const usage = `Attacks an index on this machine as one stranger could, and tells what honest people meet meanwhile.

  npm run attack                  every attack
  npm run attack -- NAME …        those: ${Object.keys(attacks).join(', ')}
  npm run attack -- --json        a line of JSON each
  npm run attack -- NAME --cpu-prof DIRECTORY
                                  leaves CPU profiles of the index there, for Chrome's developer tools

Exit code 1 where an honest record took ${limits.searchableMs / 1000} s or more to be found, /health ${limits.healthMs / 1000} s, the index grew by
${limits.grewBytes / 1e6} MB, or somebody who has nothing to do with it got more than ${victimBudget} requests.
`

const { values: options, positionals } = parseArgs({
  options: {
    json: { type: 'boolean' },
    'cpu-prof': { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
  allowPositionals: true,
})
const unknown = positionals.filter((name) => !(name in attacks))

if (options.help) console.log(usage)
else if (unknown.length > 0) {
  console.error(`There is no attack ${unknown.join(', ')}.\n\n${usage}`)
  process.exitCode = 2
} else await run(positionals.length > 0 ? positionals : Object.keys(attacks))

async function run(names: readonly string[]): Promise<void> {
  const profileDirectory = options['cpu-prof']
  await using index = await startAttackedIndex(profileDirectory === undefined ? {} : { profileDirectory })
  for (const name of names) {
    const asked = index.victim.requests()
    const launch = await attacks[name]!(index)
    const watched = await watch(index, launch).catch((error: Error) => {
      throw new Error(`${name}: ${error.message}\n${index.output().slice(-3_000)}`, { cause: error })
    })
    index.attacker.heal()
    const victimRequests = index.victim.requests() - asked
    const ok = isWithin(watched) && victimRequests <= victimBudget
    if (!ok) process.exitCode = 1
    console.log(
      options.json
        ? JSON.stringify({ attack: name, ok, ...watched, victimRequests })
        : line(name, ok, watched),
    )
  }
}

function isWithin({ searchableMs, healthMs, grewBytes }: Watched): boolean {
  return searchableMs < limits.searchableMs && healthMs < limits.healthMs && grewBytes < limits.grewBytes
}

function line(name: string, ok: boolean, { searchableMs, healthMs, grewBytes, records }: Watched): string {
  const grew = `${Math.round(grewBytes / 1e6)} MB more memory`
  return `${ok ? 'ok    ' : 'FAILED'} ${name.padEnd(20)} ${records} records found within ${searchableMs} ms, health within ${healthMs} ms, ${grew}`
}
