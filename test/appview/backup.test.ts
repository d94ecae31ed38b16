import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { backUp, restore } from '@holdfast/appview/admin/backup-commands'
import { operatorClient } from '@holdfast/appview/admin/operator-client'
import { decideAdmission } from '@holdfast/appview/catalog/admissions'
import { loadConfig } from '@holdfast/appview/config'
import { startAppView } from '@holdfast/appview/main'
import { readBackup } from '@holdfast/appview/store/backup'
import { openBackupFile, writeBackupFile } from '@holdfast/appview/store/backup-file'
import { becomeLeader } from '@holdfast/appview/store/leader'
import type { Catalog } from '@holdfast/appview/store/open'
import { type Db, rows } from '@holdfast/appview/store/sql'
import { testBackends } from '@holdfast/appview/testing/backends'
import { sql } from 'drizzle-orm'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { needs } from '../system/requirements.ts'
import { scratchDirectory } from '../system/scratch.ts'
import { adminToken } from './index-under-test.ts'

const alice = 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa'
const able = needs('backups and what they restore', 'patience')
const about = { version: '1.2.3' }

/** Writes what only this server knows: a decision, histories with awkward values, a large integer. */
async function fill(db: Db): Promise<void> {
  await decideAdmission(db, { kind: 'did', value: alice }, { action: 'deny', reason: 'quote " and \\ é 𝄞' })
  await db.execute(
    sql`INSERT INTO local.first_seen (uri, at, cid) VALUES ('at://a/b/c', '2026-11-01 01:02:03.456789+00', 'cid')`,
  )
  await db.execute(
    sql`INSERT INTO local.swarm (info_hash, tracker, completed) VALUES ('aa', 'udp://t', 9007199254740993)`,
  )
  await db.execute(sql`
    INSERT INTO local.swarm_history (info_hash, at, seeders, leechers)
    SELECT 'aa', '2026-01-01'::timestamptz + n * interval '1 hour', n, 0 FROM generate_series(1, 1234) n`)
  await db.execute(sql`
    INSERT INTO local.probe (url, subject, status, detail, checked_at, changed_at, next_at)
    VALUES ('https://x', 'aa', 'ok', '{"deep": [1, null, "x"]}', now(), now(), now())`)
}

const kept = ['admission', 'decision', 'first_seen', 'swarm', 'swarm_history', 'probe'] as const
const everything = async (db: Db) => {
  const found: Record<string, unknown> = {}
  for (const table of kept)
    found[table] = await rows(db, sql.raw(`SELECT t::text FROM local.${table} t ORDER BY 1`))
  return found
}

test.skipIf(!able).each(testBackends({ isLong: true }))(
  'a backup, the loss of everything and a restore leave what was there, on $name',
  async ({ open }) => {
    await using folder = await scratchDirectory()
    const file = join(folder.path, 'backup.gz')
    await using store = await open()
    await fill(store.db)
    await writeBackupFile(store.db, file, about)
    await using other = await open()
    const counts = await readBackup(other.db, openBackupFile(file), { replaces: false })
    expect(counts).toMatchObject({ 'local.decision': 1, 'local.swarm_history': 1234 })
    expect(await everything(other.db)).toEqual(await everything(store.db))
  },
)

test.skipIf(!able)('after a restore, the readers of the streams take new snapshots', async () => {
  await using folder = await scratchDirectory()
  const file = join(folder.path, 'backup.gz')
  await using store = await openOne()
  await store.db.execute(sql`INSERT INTO local.stream (name, epoch) VALUES ('records', 'before')`)
  await writeBackupFile(store.db, file, about)
  const epochs = () => rows(store.db, sql`SELECT name, epoch FROM local.stream`)
  const before = await epochs()
  await readBackup(store.db, openBackupFile(file), { replaces: true })
  expect(await epochs()).not.toEqual(before)
})

test.skipIf(!able).each([
  ['whose end is cut off', (text: string) => text.slice(0, text.lastIndexOf('{"end"')), 'not whole'],
  ['with a broken line', (text: string) => text.replace('"rows":[', '"rows":{'), 'cannot be read'],
  ['of another kind', () => '{"kind":"other"}\n', 'not a backup'],
  ['of a newer version', (text: string) => text.replace('"schema":[', '"schema":["newer",'), 'newer version'],
])('a backup %s is refused and changes nothing', async (_what, damage, message) => {
  await using folder = await scratchDirectory()
  const [whole, damaged] = [join(folder.path, 'whole.gz'), join(folder.path, 'damaged.gz')]
  await using store = await openOne()
  await fill(store.db)
  await writeBackupFile(store.db, whole, about)
  await writeFile(damaged, gzipSync(damage(gunzipSync(await readFile(whole)).toString())))
  const before = await everything(store.db)
  await expect(readBackup(store.db, openBackupFile(damaged), { replaces: true })).rejects.toThrow(message)
  expect(await everything(store.db)).toEqual(before)
})

test.skipIf(!able)('a restore over decisions that are there needs --replace', async () => {
  await using folder = await scratchDirectory()
  const file = join(folder.path, 'backup.gz')
  await using store = await openOne()
  await writeBackupFile(store.db, file, about)
  await fill(store.db)
  await expect(readBackup(store.db, openBackupFile(file), { replaces: false })).rejects.toThrow('--replace')
  await readBackup(store.db, openBackupFile(file), { replaces: true })
  expect(await rows(store.db, sql`SELECT id FROM local.decision`)).toEqual([])
})

for (const { name, open } of testBackends())
  test.skipIf(!able || name === 'PGlite')('a database that a server uses is not restored into', async () => {
    await using folder = await scratchDirectory()
    const file = join(folder.path, 'backup.gz')
    await using store = await open()
    await writeBackupFile(store.db, file, about)
    await using _leader = await becomeLeader('ingest', store.databaseUrl, {
      signal: AbortSignal.timeout(5_000),
    })
    await expect(readBackup(store.db, openBackupFile(file), { replaces: true })).rejects.toThrow('Stop it')
  })

test.skipIf(!able)(
  'the embedded database is backed up while its server runs, and a file that exists is kept',
  async () => {
    await using folder = await scratchDirectory()
    const config = loadConfig({
      HOLDFAST_PORT: '0',
      HOLDFAST_DATA_DIR: join(folder.path, 'data'),
      HOLDFAST_SOURCES: 'ws://127.0.0.1:9',
      HOLDFAST_ADMIN_TOKEN: adminToken,
      HOLDFAST_ALLOW_PRIVATE_HOSTS: 'true',
    })
    const file = join(folder.path, 'backup.gz')
    {
      await using appView = await startAppView(config, { log: pino({ level: 'silent' }) })
      const client = () => operatorClient({ url: appView.url, token: adminToken })
      await client().call('updateAdmission', { subject: alice, action: 'deny' })
      const parts = { config, client, version: '1.2.3', settings: 'HOLDFAST_PORT=0\n' }
      expect(await backUp(file, parts)).toMatchObject({ 'local.decision': 1 })
      expect(
        gunzipSync(await readFile(file))
          .toString()
          .split('\n')[0],
      ).toContain('HOLDFAST_PORT=0')
      await expect(backUp(file, parts)).rejects.toThrow('it exists already')
    }
    const elsewhere = { dataDir: join(folder.path, 'elsewhere') }
    expect(await restore(file, elsewhere, { replaces: false })).toMatchObject({ 'local.decision': 1 })
  },
)

function openOne(): Promise<Catalog> {
  return testBackends()[0]!.open()
}
