import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

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

export default defineConfig({
  test: {
    include: ['{lexicons,torrent,appview,tracker,cli,test,scripts}/**/*.test.ts'],
    pool: 'forks',
    // V8 may abort a process as it replaces a wrapper between WebAssembly and JavaScript by a faster one (nodejs/node#64500);
    // tests make and drop many stores of WebAssembly, beside threads that have some too. This number of calls none reaches.
    execArgv: ['--wasm-wrapper-tiering-budget=2000000000'],
    globalSetup: ['test/system/templates.ts'],
    maxWorkers: 2,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    sequence: { sequencer: LongestFirst },
  },
})
