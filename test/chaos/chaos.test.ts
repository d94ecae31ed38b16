import { expect, test } from 'vitest'
import { runChaos } from './run-chaos.ts'

const databaseUrl = process.env.HOLDFAST_TEST_DATABASE_URL
const stores = [
  ...(databaseUrl ? [{ name: 'PostgreSQL', databaseUrl, kills: 44 }] : []),
  { name: 'PGlite', databaseUrl: undefined, kills: databaseUrl ? 6 : 8 },
]

test.each(stores)(
  'killed at random instants over faults of every kind, nothing is lost on $name',
  { timeout: 900_000 },
  async ({ databaseUrl, kills }) => {
    const result = await runChaos({
      seed: 7,
      kills,
      databaseUrl,
      log: (line) => process.stderr.write(`chaos: ${line}\n`),
    })
    process.stderr.write(`chaos: ${JSON.stringify(result)}\n`)
    expect(result.kills).toBe(kills)
    expect(result.writes).toBeGreaterThan(kills)
  },
)
