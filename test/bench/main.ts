import { readdir } from 'node:fs/promises'
import { parseArgs } from 'node:util'

/**
 * The type of `run`, which every `test/bench/NAME.ts` exports. Keys are fixed in the documentation, values are numbers
 * that were just measured.
 */
export type Bench = (options: BenchOptions) => Promise<BenchResult>

export interface BenchOptions {
  /** Whether this is a short run that only shows that the benchmark works; its figures must not be quoted. */
  quick: boolean
  /** Another set of questions, for `relevance`. */
  queries?: string | undefined
  /** How many datasets there are, for the benches of large catalogs. */
  datasets?: number | undefined
  /** Prints progress and notes for people; on standard error with --json. */
  log: (line: string) => void
}

export interface BenchResult {
  figures: Readonly<Record<string, number>>
  /** Ratios to other programs; a ratio above 1 is in our favor. */
  ratios: Readonly<Record<string, number>>
}

// A benchmark that has finished may have left a connection open, which must not keep the command running.
process.exit(await main(process.argv.slice(2)))

async function main(args: string[]): Promise<number> {
  const names = await benchNames()
  const given = readArguments(args)
  if ('problem' in given) return fail(`${given.problem}\n\n${usage(names)}`)
  if (given.help) {
    console.log(usage(names))
    return 0
  }
  const { name, json, quick, queries, datasets } = given
  if (!name) return fail(usage(names))
  if (!names.includes(name))
    return fail(`no bench is called ${JSON.stringify(name)}; there are: ${names.join(', ') || 'none'}`)
  const { run } = (await import(`./${name}.ts`)) as { run: Bench }
  const tell = json ? console.error : console.log
  const { figures, ratios } = await run({ quick, queries, datasets, log: tell })
  tell(table(name, { figures, ratios }))
  if (json) console.log(JSON.stringify({ bench: name, figures, ratios }))
  return 0
}

/** Every TypeScript file in this folder is a benchmark, except this one and tests. */
async function benchNames(): Promise<string[]> {
  const files = await readdir(new URL('.', import.meta.url))
  return files.flatMap((file) => /^([a-z0-9-]+)\.ts$/.exec(file)?.[1] ?? []).filter((name) => name !== 'main')
}

function readArguments(args: string[]) {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        queries: { type: 'string' },
        datasets: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    })
    if (positionals.length > 1) return { problem: `one bench at a time, not ${positionals.length}` }
    const { datasets, ...rest } = values
    if (datasets !== undefined && !/^[1-9]\d{3,7}$/.test(datasets))
      return {
        problem: `--datasets takes a number from 1,000 to 99,999,999, not ${JSON.stringify(datasets)}`,
      }
    return { name: positionals[0], ...rest, datasets: datasets === undefined ? undefined : Number(datasets) }
  } catch (error) {
    return { problem: (error as Error).message }
  }
}

function usage(names: readonly string[]): string {
  return [
    'npm run bench -- NAME [--json] [--quick] [--datasets N] [--queries FILE]',
    '',
    '  --json          print one JSON line {bench, figures, ratios} and move the rest to stderr',
    '  --quick         a short run that shows the bench works; do not quote its figures',
    '  --datasets N    for crowd, pages and search: the size of the catalog, 1000000 if not given. Loading takes',
    '                  minutes, so the PostgreSQL server keeps each loaded database, named holdfast_bench_…, for',
    '                  later runs. DROP DATABASE frees its space',
    '  --queries FILE  for relevance: questions of your own, a line each: {"query", "datasets": [slug, …]}',
    '',
    `Benches: ${names.length > 0 ? names.join(', ') : 'none'} (what each measures: test/bench/README.md)`,
  ].join('\n')
}

function table(name: string, { figures, ratios }: BenchResult): string {
  const rows = [
    ...Object.entries(figures).map(([key, value]) => [key, readable(value)] as const),
    ...Object.entries(ratios).map(([key, value]) => [key, `${readable(value)} ×`] as const),
  ]
  const width = Math.max(0, ...rows.map(([key]) => key.length))
  return [name, ...rows.map(([key, value]) => `  ${key.padEnd(width)}  ${value}`)].join('\n')
}

function readable(value: number): string {
  const digits = Math.abs(value) >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 }
  return value.toLocaleString('en', digits)
}

function fail(message: string): number {
  console.error(message)
  return 1
}
