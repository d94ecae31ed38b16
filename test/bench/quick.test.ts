import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { needs } from '../system/requirements.ts'

const main = new URL('./main.ts', import.meta.url).pathname
const isHere = needs('quick runs of benches', 'PostgreSQL')

// Those that start fastest; the others take longer, or need texts that are not part of the project.
describe.skipIf(!isHere)('a quick run prints its figures as one line of JSON:', () => {
  test.each(['denial', 'hash', 'ingest', 'rebuild', 'streams'])('%s', async (name) => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--expose-gc',
      main,
      ...[name, '--quick', '--json'],
    ])
    const result = JSON.parse(stdout.trimEnd().split('\n').at(-1)!)
    expect(result).toEqual({ bench: name, figures: expect.any(Object), ratios: expect.any(Object) })
    const numbers = [...Object.values(result.figures), ...Object.values(result.ratios)]
    expect(numbers).not.toEqual([])
    // JSON has no NaN; a figure that could not be measured is null.
    expect(numbers.filter((value) => typeof value !== 'number')).toEqual([])
  })
})
