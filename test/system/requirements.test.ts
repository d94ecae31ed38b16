import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const own = 'test/system/requirements'

/** Only `requirements.ts` may contain these: it reports what is left out, and fails if anything is with `CI=true`. */
const asking = [
  /process\.env\.CI\b/,
  /HOLDFAST_TEST_(?:DATABASE|REDIS)_URL/,
  /spawnSync\('(?:which|unshare|perl)'/,
  /command -v/,
  /existsSync\('\/usr/,
  /redis-server', \['--version'\]/,
]

test('only requirements.ts looks for variables and programs of the machine', () => {
  const files = globSync('{lexicons,torrent,runtime,appview,tracker,cli,test,scripts}/**/*.ts', {
    cwd: root,
    exclude: (path) => path.includes('node_modules'),
  })
  const isTest = (file: string) => /\.test\.ts$|\/test-[^/]+\.ts$|^test\//.test(file)
  // Benches and programs that people run by hand report by themselves what they lack.
  const byHand =
    /^test\/(?:bench|chaos\/main\.ts|attack\/records\/main\.ts|screenshots|demo)|^test\/env-example\.test\.ts$/
  const found = files
    .filter((file) => isTest(file) && !file.startsWith(own) && !byHand.test(file))
    .filter((file) => asking.some((pattern) => pattern.test(readFileSync(`${root}/${file}`, 'utf8'))))
  expect(found).toEqual([])
})
