import { globSync, readFileSync } from 'node:fs'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { type Lane, needsMoreThanNpm } from './test/system/requirements.ts'
import { SecondTries } from './test/system/second-tries.ts'
import { slowness } from './test/system/slowness.ts'

const every = '{lexicons,torrent,runtime,appview,tracker,cli,test,scripts}/**/*.test.ts'

/** Files that take long and are short to read, which vitest would leave to the end, where one worker waits for them. */
const longest =
  /test\/(?:chaos\/chaos|pages\/craft|tracker\/real-clients|stories\/main-job|ingest\/accounts|swarm\/health)\.test\.ts$/

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isLong = ({ moduleId }: TestSpecification) => longest.test(moduleId)
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}

/** `npm test` passes --mode npm, `npm run test:rest` --mode rest; anything else is all of it. */
function laneOf(mode: string): Lane {
  return mode === 'npm' || mode === 'rest' ? mode : 'all'
}

export default defineConfig(({ mode }) => {
  const lane = laneOf(mode)
  const limitMs = Math.round(60_000 * slowness())
  const files = globSync(every, { exclude: (path) => path.includes('node_modules') })
  return {
    test: {
      include:
        lane === 'rest' ? files.filter((file) => needsMoreThanNpm(readFileSync(file, 'utf8'))) : [every],
      pool: 'forks',
      // A third of the time of all went into starting a process for every file and reading the same modules in it.
      // Whatever a file sets for its process, it takes back at its end.
      isolate: false,
      // V8 may abort a process as it replaces a wrapper between WebAssembly and JavaScript by a faster one (nodejs/node#64500);
      // tests make and drop many stores of WebAssembly, beside threads that have some too. This number of calls none reaches.
      execArgv: ['--wasm-wrapper-tiering-budget=2000000000'],
      env: { HOLDFAST_TEST_LANE: lane },
      globalSetup: ['test/system/templates.ts'],
      setupFiles: ['test/system/seed.ts'],
      maxWorkers: 2,
      // In a run of a whole lane a test may fail once, and is named at the end; whoever works at it sees it fail at once.
      retry: lane === 'all' ? 0 : 1,
      reporters: ['default', new SecondTries()],
      // A minute, and in proportion where the machine is slower. What waits for a condition gives up earlier and says what
      // it waited for. Only chaos, which lasts as long as it is told to, has more.
      testTimeout: limitMs,
      hookTimeout: limitMs,
      sequence: { sequencer: LongestFirst },
    },
  }
})
