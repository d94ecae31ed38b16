import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { generatedDir, generateTypes, lexiconRoot } from '../lexicons/src/codegen.ts'

/** The generated files that differ between two folders, each with how. */
export async function differences(committed: string, fresh: string): Promise<string[]> {
  const [before, after] = await Promise.all([readTree(committed), readTree(fresh)])
  const names = [...new Set([...before.keys(), ...after.keys()])].sort()
  return names.flatMap((name) => {
    if (!after.has(name)) return [`${name}: no lexicon makes this file any more`]
    if (!before.has(name)) return [`${name}: missing`]
    return before.get(name) === after.get(name) ? [] : [`${name}: out of date`]
  })
}

async function readTree(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  return new Map(
    await Promise.all(
      files.map(async (entry): Promise<[string, string]> => {
        const path = join(entry.parentPath, entry.name)
        return [relative(folder, path), await readFile(path, 'utf8')]
      }),
    ),
  )
}

async function main(): Promise<void> {
  const fresh = await mkdtemp(join(tmpdir(), 'codegen-check-'))
  try {
    await generateTypes(lexiconRoot, fresh)
    const found = await differences(generatedDir, fresh)
    if (found.length === 0) return
    console.error('lexicons/src/generated does not match the JSON lexicons:')
    for (const line of found) console.error(`  ${line}`)
    console.error(
      'Run `npm run codegen` and commit what it writes. Generated files are never edited by hand.',
    )
    process.exitCode = 1
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
}

if (import.meta.main) await main()
