/**
 * `npm run fuzz -- [--seed N] [--rounds N] [--beyond] [--odd] [--rebuild] [--json]`: tries records at the limits of their
 * lexicon, and measures their cost.
 */
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { openEmbedded, openScratchDatabase } from '@holdfast/appview/testing/backends'
import { fuzzRecords } from './fuzz-records.ts'
import { rebuildRecords } from './rebuild-records.ts'

const usage = `Writes each field of each lexicon at its limits into an index on this machine, reads it through every
interface, and says what cost more than it may.

  npm run fuzz                     one round of every field, with a seed of its own
  npm run fuzz -- --seed 7         the same round again
  npm run fuzz -- --rounds 100     as many, with the seeds after the first
  npm run fuzz -- --odd            texts that programs take for something else, and bytes that are no text
  npm run fuzz -- --rebuild        whether a rebuild writes the same rows as reading the records one by one
  npm run fuzz -- --beyond         one more than may be, in every field
  npm run fuzz -- --json           a line of JSON each round

On PostgreSQL where HOLDFAST_TEST_DATABASE_URL names one. Exit code 1 where something cost too much.
`
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(randomInt(1_000_000)) },
    rounds: { type: 'string', default: '1' },
    beyond: { type: 'boolean', default: false },
    odd: { type: 'boolean', default: false },
    rebuild: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const [first, rounds] = [Number(values.seed), Number(values.rounds)]
if (values.help) console.log(usage)
else if (!Number.isInteger(first) || !(rounds > 0)) {
  console.error(`--seed is a whole number and --rounds a positive one.\n\n${usage}`)
  process.exitCode = 2
} else await run()

async function run(): Promise<void> {
  const url = process.env.HOLDFAST_TEST_DATABASE_URL
  const open = url === undefined ? openEmbedded : () => openScratchDatabase(url)
  const { beyond, odd } = values
  for (let seed = first; seed < first + rounds; seed++) {
    if (values.rebuild) {
      const { records, refused, rows, differences } = await rebuildRecords({ open, seed, beyond, odd })
      if (differences.length > 0) process.exitCode = 1
      console.log(
        values.json
          ? JSON.stringify({ seed, ok: differences.length === 0, records, refused, rows, differences })
          : [
              `seed ${seed}: ${records} records, ${refused} refused, ${rows} rows, ${differences.length} differ`,
              ...differences,
            ].join('\n  '),
      )
      continue
    }
    const { findings, nearest, ...counts } = await fuzzRecords({ open, seed, beyond, odd })
    if (findings.length > 0) process.exitCode = 1
    if (values.json) {
      console.log(JSON.stringify({ seed, ok: findings.length === 0, ...counts, findings, nearest }))
      continue
    }
    const { records, requests, refused, bytes } = counts
    console.log(
      `seed ${seed}: ${records} records of ${Math.round(bytes / 1e6)} MB, ${refused} refused, ${requests} requests, ${findings.length} too dear`,
    )
    for (const { what, cost, limit } of findings.length > 0 ? findings : nearest.slice(0, 3))
      console.log(`  ${cost.toFixed(0)} of ${limit.toFixed(0)}: ${what}`)
  }
}
