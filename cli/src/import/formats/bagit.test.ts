import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { collections } from '@holdfast/lexicons/nsid'
import { validateRecord } from '@holdfast/lexicons/validate'
import { expect, onTestFinished, test } from 'vitest'
import { importBag, readBag } from './bagit.ts'

async function bagOf(files: Record<string, string>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-bag-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(directory, path, '..'), { recursive: true })
    await writeFile(join(directory, path), text)
  }
  return directory
}

test('reads a bag with folded and repeated labels and files to fetch', async () => {
  const directory = await bagOf({
    'bagit.txt': 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n',
    'bag-info.txt':
      'Source-Organization: An Archive\r\nExternal-Identifier: doi:10.1234/Bag\r\nContact-Name: Ann\r\nContact-Email: ann@example.org\r\nExternal-Description: Letters of a\r\n  river pilot. With maps.\r\nBagging-Date: 2020-01-02\r\nPayload-Oxum: 300.2\r\nX-Shelf: 12\r\n',
    'fetch.txt': 'https://example.org/maps.zip 200 data/maps%0A.zip\n',
    'manifest-sha256.txt': `${'D'.repeat(64)}  data/maps%0A.zip\n`,
    'data/letters.txt': 'x',
  })
  const { rkey, record, leftOver } = importBag(await readBag(directory), {
    createdAt: '2026-11-20T12:00:00.000Z',
  })
  expect(validateRecord(collections.dataset, record)).toMatchObject({ ok: true })
  expect(rkey).toBe('10.1234-bag')
  expect(record).toMatchObject({
    title: 'Letters of a river pilot',
    description: 'Letters of a river pilot. With maps.',
    publisher: { name: 'An Archive' },
    contacts: [{ name: 'Ann', email: 'ann@example.org' }],
    identifiers: [{ scheme: 'doi', value: '10.1234/bag' }],
    sizeBytes: 300,
    sources: [
      {
        url: 'https://example.org/maps.zip',
        sizeBytes: 200,
        checksums: [{ algorithm: 'sha-256', value: 'd'.repeat(64) }],
      },
    ],
  })
  expect(leftOver).toEqual([{ field: 'bag-info.txt/X-Shelf', value: '12' }])
})

test('refuses a directory without bagit.txt', async () => {
  await expect(readBag(await bagOf({ 'data/x': 'x' }))).rejects.toThrow('no bag')
})
