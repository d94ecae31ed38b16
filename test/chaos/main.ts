import { parseArgs } from 'node:util'
import { runChaos } from './run-chaos.ts'

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '5' }, seed: { type: 'string', default: '1' } },
})
const minutes = Number(values.minutes)
const seed = Number(values.seed)
if (!(minutes > 0) || !Number.isInteger(seed)) {
  console.error('npm run chaos -- --minutes N --seed S: N is a number of minutes, S a whole number')
  process.exit(1)
}
const databaseUrl = process.env.HOLDFAST_TEST_DATABASE_URL
if (!databaseUrl)
  console.log('HOLDFAST_TEST_DATABASE_URL is not set: the embedded store is used, and no database goes away')
try {
  const result = await runChaos({ minutes, seed, databaseUrl, log: console.log })
  console.log(JSON.stringify(result))
  console.log('the catalog equals the repositories')
  process.exit(0)
} catch (error) {
  console.error(`seed ${seed}:`, error)
  process.exit(1)
}
