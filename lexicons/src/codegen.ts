import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** The folder of the JSON lexicons, with one folder per top-level domain. */
export const lexiconRoot = fileURLToPath(new URL('..', import.meta.url))

/** The folder of the committed generated types. */
export const generatedDir = fileURLToPath(new URL('./generated', import.meta.url))

/** Writes the TypeScript for every JSON lexicon under `root` into `outDir`, which is emptied first. */
export async function generateTypes(root: string, outDir: string): Promise<void> {
  const stage = await mkdtemp(join(tmpdir(), 'lexicons-'))
  try {
    // `lex build` takes one folder and reads every .json below it, package.json included.
    for (const domain of await lexiconDomains(root)) {
      await cp(join(root, domain), join(stage, domain), { recursive: true })
    }
    await lexBuild(stage, outDir)
  } finally {
    await rm(stage, { recursive: true, force: true })
  }
}

/** The folders directly under `root` that contain lexicons, such as `org` and `com`. */
export async function lexiconDomains(root: string): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true })
  return entries
    .filter((entry) => entry.isDirectory() && !['src', 'node_modules'].includes(entry.name))
    .map((entry) => entry.name)
    .sort()
}

async function lexBuild(lexicons: string, outDir: string): Promise<void> {
  const lex = fileURLToPath(new URL('../bin/lex', import.meta.resolve('@atproto/lex')))
  // Generated code imports no more than what validates, since `@atproto/lex` brings the compiler of TypeScript along.
  const options = ['--clear', '--import-ext', '.ts', '--index-file', '--lib', '@atproto/lex-schema']
  await promisify(execFile)(process.execPath, [
    lex,
    'build',
    '--lexicons',
    lexicons,
    '--out',
    outDir,
    ...options,
  ])
}

if (import.meta.main) await generateTypes(lexiconRoot, generatedDir)
