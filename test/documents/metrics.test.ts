import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { parse } from 'yaml'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string) => readFileSync(`${root}/${path}`, 'utf8')

/** Names that programs register: after `name:`, or as the first argument of `gauge(`. Channels of the database are no metrics. */
const registered = new Set(
  globSync('{appview,tracker}/src/**/*.ts', { cwd: root, exclude: (path) => path.includes('node_modules') })
    .filter((path) => !/\.test\.ts$|store\/channels\.ts$/.test(path))
    .flatMap(
      (path) =>
        read(path).match(
          /(?<=')holdfast_(?:ingest|metainfo|probes|sweep_records|search_memory|http|streams|outbound|name|replica|tracker)_?\w*(?=')/g,
        ) ?? [],
    ),
)
const documented = [...read('docs/metrics.md').matchAll(/^\| `(holdfast_\w+)` \|/gm)].map(([, name]) => name!)

test('docs/metrics.md has every metric once, and no other', () => {
  expect(documented.toSorted()).toEqual([...registered].sort())
})

/** The metrics that an expression reads, without what Prometheus adds to the names of histograms. */
function metricsOf(expression: string): string[] {
  return (expression.match(/\b(?:holdfast|process|nodejs)_\w+/g) ?? []).map((name) =>
    name.replace(/_(?:bucket|sum|count)$/, ''),
  )
}
const fromNode = [
  'process_resident_memory_bytes',
  'process_cpu_seconds_total',
  'nodejs_eventloop_lag_p99_seconds',
]

interface Dashboard {
  panels: { title: string; type: string; targets?: { expr: string }[] }[]
}
interface Rules {
  groups: { rules: { alert: string; expr: string; for: string; annotations: Record<string, string> }[] }[]
}
const dashboard = JSON.parse(read('deploy/monitoring/grafana-dashboard.json')) as Dashboard
const rules = (parse(read('deploy/monitoring/holdfast-alerts.yaml')) as Rules).groups.flatMap(
  ({ rules }) => rules,
)

test.each([
  ['panel', dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))],
  ['alert', rules.map(({ expr }) => expr)],
])('every %s reads metrics that exist', (_kind, expressions) => {
  expect(expressions.length).toBeGreaterThan(10)
  const known = new Set([...documented, ...fromNode])
  expect(expressions.flatMap(metricsOf).filter((name) => !known.has(name))).toEqual([])
})

test('every alert says what happened and what to do', () => {
  for (const { alert, annotations } of rules)
    expect(Object.keys(annotations).sort(), alert).toEqual(['action', 'summary'])
  expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length)
})
