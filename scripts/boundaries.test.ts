import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { needs } from '../test/system/requirements.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const project = mkdtempSync(join(tmpdir(), 'holdfast-boundaries-'))
afterAll(() => rmSync(project, { recursive: true, force: true }))

/** A small project with one violation of each kind, and one import that is allowed. */
const files = {
  'lexicons/nsid.ts': 'export const nsid = 1\n',
  'torrent/parse.ts': "import type { Row } from '../appview/src/catalog/row.ts'\nexport type X = Row\n",
  'appview/src/catalog/row.ts':
    "import { nsid } from '../../../lexicons/nsid.ts'\nexport type Row = typeof nsid\n",
  'appview/src/xrpc/search.ts': "import '../pages/home.ts'\nexport {}\n",
  'appview/src/pages/home.ts': "import { sql } from 'drizzle-orm'\nexport const home = sql\n",
  'appview/src/ingest/read.ts': "export const read = () => import('../swarm/scrape.ts')\n",
  'appview/src/swarm/scrape.ts': "import '../catalog/row.ts'\nexport {}\n",
  'appview/src/search/query/parse.ts': "import '../memory/match/match.ts'\nexport {}\n",
  'appview/src/search/plan/search.ts':
    "import { key } from '../../search-terms/key.ts'\nexport const plan = key\n",
  'appview/src/search/memory/match/match.ts': "import { sql } from 'drizzle-orm'\nexport const match = sql\n",
  'appview/src/search-terms/key.ts': "import { sql } from 'drizzle-orm'\nexport const key = sql\n",
  'tracker/a.ts': "import './b.ts'\nexport {}\n",
  'tracker/b.ts': "import './a.ts'\nimport '../appview/src/catalog/row.ts'\nexport {}\n",
  'cli/main.ts': "import '@holdfast/nowhere'\nexport {}\n",
}

const hasTools = needs('the table of allowed imports', 'the development tools')

test.skipIf(!hasTools)('an import that the table of components does not allow fails the check', () => {
  for (const [path, source] of Object.entries(files)) {
    mkdirSync(dirname(join(project, path)), { recursive: true })
    writeFileSync(join(project, path), source)
  }
  symlinkSync(join(root, 'node_modules'), join(project, 'node_modules'))
  const depcruise = join(root, 'tools/node_modules/.bin/depcruise')
  const args = [
    '--config',
    join(root, '.dependency-cruiser.mjs'),
    'lexicons',
    'torrent',
    'appview',
    'tracker',
    'cli',
  ]
  const result = spawnSync(depcruise, args, { cwd: project, encoding: 'utf8' })
  const found = result.stdout.split('\n').filter((line) => /^\s*error/.test(line))
  expect(result.status, result.stdout).not.toBe(0)
  for (const expected of [
    /component torrent.*torrent\/parse.ts → appview/,
    /component appview\/src\/xrpc.*search.ts → appview\/src\/pages\/home.ts/,
    /only what asks the store.*pages\/home.ts → .*drizzle-orm/,
    /component appview\/src\/ingest.*read.ts → appview\/src\/swarm/,
    /search\/query.*parse.ts → appview\/src\/search\/memory/,
    /what is searched for is data.*plan\/search.ts → .*drizzle-orm/,
    /memory matches without SQL.*match.ts → .*drizzle-orm/,
    /no cycles: tracker/,
    /component tracker.*b.ts → appview/,
    /unresolvable: cli\/main.ts/,
  ]) {
    expect(
      found.some((line) => expected.test(line)),
      `${expected} in\n${found.join('\n')}`,
    ).toBe(true)
  }
  expect(found.filter((line) => /catalog\/row.ts ->|swarm\/scrape.ts ->/.test(line))).toEqual([])
})
