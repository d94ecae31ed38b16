import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { lexiconRoot } from './codegen.ts'
import { canonicalAuthority } from './nsid.ts'
import { rehome } from './rehome.ts'

const scratch = await mkdtemp(join(tmpdir(), 'rehome-'))
afterAll(() => rm(scratch, { recursive: true }))

const script = fileURLToPath(new URL('./rehome.ts', import.meta.url))
const run = promisify(execFile)

test('a permission set that is moved names only the new authority', async () => {
  const into = join(scratch, 'moved')
  const { stdout } = await run(process.execPath, [script, 'gov.example.archive', '--out', into])
  expect(stdout).toContain(`HOLDFAST_AUTHORITIES=gov.example.archive,${canonicalAuthority}`)

  const files = await textFiles(into)
  const old = join(lexiconRoot, canonicalAuthority.replaceAll('.', '/'))
  const documents = (folder: string) => readdir(folder, { recursive: true }).then((names) => names.sort())
  expect(await documents(join(into, 'gov/example/archive'))).toEqual(await documents(old))
  expect(files.map(([name]) => name)).toContain('com/atproto/label/defs.json')
  for (const [name, text] of files) {
    expect({ name, old: text.includes(canonicalAuthority) }).toEqual({ name, old: false })
  }
  expect(Object.fromEntries(files)['src/index.ts']).toContain("'./generated/gov/example/archive.ts'")
})

test('moves lexicons in place, with the module that names NSIDs', async () => {
  const root = join(scratch, 'copy')
  await cp(lexiconRoot, root, { recursive: true, filter: (path) => !path.includes('node_modules') })
  await symlink(join(lexiconRoot, '../node_modules'), join(scratch, 'node_modules'))
  await rehome({
    from: root,
    into: root,
    oldAuthority: canonicalAuthority,
    newAuthority: 'net.example.my-archive',
  })
  expect(await readdir(root)).not.toContain(canonicalAuthority.split('.')[0])

  const probe = join(root, 'src/probe.ts')
  await writeFile(
    probe,
    `import { lexiconDocuments } from './documents.ts'
    import { collections } from './nsid.ts'
    import { parseAuthorities, canonicalCollection } from './authority.ts'
    import { validateRecord } from './validate.ts'
    const record = { $type: collections.dataset, title: 'x', createdAt: '2026-11-20T12:00:00Z' }
    const old = canonicalCollection('${canonicalAuthority}.dataset', parseAuthorities('net.example.my-archive,${canonicalAuthority}'))
    console.log(JSON.stringify([collections.dataset, validateRecord(collections.dataset, record).ok, old, lexiconDocuments().length]))`,
  )
  const { stdout } = await run(process.execPath, [probe])
  const nsid = 'net.example.my-archive.dataset'
  expect(JSON.parse(stdout)).toEqual([nsid, true, nsid, expect.any(Number)])
})

test.each([
  [[], /usage: npm run rehome/],
  [['Not An Authority'], /is not a lexicon authority/],
  [[canonicalAuthority], /already/],
  [['gov.example.archive', '--out', lexiconRoot], /is not empty/],
])('refuses %j with a reason and writes nothing', async (args, message) => {
  await expect(run(process.execPath, [script, ...args])).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(message),
  })
})

async function textFiles(folder: string): Promise<[string, string][]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return Promise.all(
    paths.map(
      async (path): Promise<[string, string]> => [
        path.slice(folder.length + 1),
        await readFile(path, 'utf8'),
      ],
    ),
  )
}
