import { describe, expect, test } from 'vitest'
import { databaseUrl, needs } from '../system/requirements.ts'
import { runChaos } from './run-chaos.ts'

const able = needs('programs killed at random', 'patience')
const hasServer = needs('programs killed at random over PostgreSQL', 'PostgreSQL')
const stores = [
  ...(hasServer ? [{ name: 'PostgreSQL', databaseUrl: databaseUrl(), kills: 20 }] : []),
  { name: 'PGlite', databaseUrl: undefined, kills: hasServer ? 4 : 8 },
]

describe.skipIf(!able)('an index that is killed at random', () => {
  test.each(stores)(
    'loses nothing through random kills and faults of every kind, on $name',
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
})
