import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { assertAuthority } from './authority.ts'
import { generateTypes, lexiconDomains, lexiconRoot } from './codegen.ts'
import { canonicalAuthority } from './nsid.ts'
import { rehomeText } from './rehome-text.ts'

/** The move of a set of lexicons; `from` and `into` may be the same folder. */
export interface Rehoming {
  /** The workspace with the JSON lexicons and `src/`. */
  readonly from: string
  /** The folder that receives the moved set, in the same layout. */
  readonly into: string
  readonly oldAuthority: string
  readonly newAuthority: string
}

/**
 * Moves the whole set of lexicons to another authority: the JSON, the generated types, and the one line of
 * `src/index.ts` that names their folder. Everything else derives its names from those.
 */
export async function rehome({ from, into, oldAuthority, newAuthority }: Rehoming): Promise<void> {
  const oldFolder = oldAuthority.replaceAll('.', '/')
  const newFolder = newAuthority.replaceAll('.', '/')
  const documents = await readDocuments(join(from, oldFolder))
  const index = await readFile(join(from, 'src/index.ts'), 'utf8')
  if (resolve(from) !== resolve(into)) await copyForeign(from, into, oldFolder)
  else await removeFolder(from, oldFolder)

  for (const [name, json] of documents) {
    const path = join(into, newFolder, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, rehomeText(json, oldAuthority, newAuthority))
  }
  await mkdir(join(into, 'src'), { recursive: true })
  await writeFile(
    join(into, 'src/index.ts'),
    index.replace(`./generated/${oldFolder}.ts`, `./generated/${newFolder}.ts`),
  )
  await generateTypes(into, join(into, 'src/generated'))
}

async function readDocuments(folder: string): Promise<[string, string][]> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.json'))
  return Promise.all(
    names.map(async (name): Promise<[string, string]> => [name, await readFile(join(folder, name), 'utf8')]),
  )
}

async function copyForeign(from: string, into: string, oldFolder: string): Promise<void> {
  for (const domain of await lexiconDomains(from)) {
    await cp(join(from, domain), join(into, domain), {
      recursive: true,
      filter: (path) => resolve(path) !== resolve(from, oldFolder),
    })
  }
  await removeEmpty(into, dirname(oldFolder))
}

async function removeFolder(root: string, folder: string): Promise<void> {
  await rm(join(root, folder), { recursive: true })
  await removeEmpty(root, dirname(folder))
}

/** Removes a folder and its parents below `root` if they are empty. */
async function removeEmpty(root: string, folder: string): Promise<void> {
  if (folder === '.' || (await readdir(join(root, folder))).length > 0) return
  await rm(join(root, folder), { recursive: true })
  await removeEmpty(root, dirname(folder))
}

async function emptyFolder(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true })
  if ((await readdir(folder)).length > 0) throw new Error(`${folder} is not empty; name a new folder`)
  return folder
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { out: { type: 'string' } },
  })
  const [newAuthority, ...extra] = positionals
  if (newAuthority === undefined || extra.length > 0) {
    throw new Error('usage: npm run rehome -- new.authority [--out DIR]')
  }
  assertAuthority(newAuthority)
  if (newAuthority === canonicalAuthority) throw new Error(`the lexicons are under ${newAuthority} already`)
  const into = values.out === undefined ? lexiconRoot : await emptyFolder(resolve(values.out))
  await rehome({ from: lexiconRoot, into, oldAuthority: canonicalAuthority, newAuthority })
  console.log(`${canonicalAuthority} is now ${newAuthority} in ${into}`)
  console.log(`To keep reading existing records: HOLDFAST_AUTHORITIES=${newAuthority},${canonicalAuthority}`)
}

if (import.meta.main) {
  try {
    await main()
  } catch (error) {
    console.error(`rehome: ${(error as Error).message}`)
    process.exitCode = 1
  }
}
