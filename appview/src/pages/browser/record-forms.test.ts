import { expect, test } from 'vitest'
import { assessmentForm } from './assessment-record.ts'
import { profileForm } from './profile-record.ts'
import { torrentForm } from './torrent-record.ts'

const profile = {
  displayName: 'The library',
  kind: 'library',
  description: 'We keep things.',
  avatar: { $type: 'blob' },
  createdAt: '2026-01-01T00:00:00Z',
}
const assessment = {
  subject: { uri: 'at://did:plc:a/x/y', cid: 'bafy', identifiers: [{ scheme: 'doi', value: '10.1/x' }] },
  risk: { level: 'endangered', reason: 'because', evidence: [{ url: 'https://example.org/r' }] },
  evidence: [{ url: 'https://example.org/e', title: 'Notice' }],
  assessedAt: '2026-01-01T00:00:00Z',
  createdAt: '2026-01-01T00:00:00Z',
}
const torrent = {
  name: 'pits',
  infoHashV2: 'a'.repeat(64),
  metainfo: { $type: 'blob' },
  datasets: [{ uri: 'at://did:plc:a/x/y', cid: 'bafy' }],
  trackers: [{ url: 'https://tracker.example.org', tier: 1 }],
  webseeds: [{ url: 'https://example.org/', kind: 'bep19' }],
}

test('a record that goes through its form unchanged stays the same', () => {
  expect(profileForm.toRecord(profileForm.toFields(profile), profile)).toEqual(profile)
  expect(torrentForm.toRecord(torrentForm.toFields(torrent), torrent)).toEqual(torrent)
  const again = assessmentForm.toRecord(assessmentForm.toFields(assessment), assessment)
  expect(again).toEqual({ ...assessment, assessedAt: again.assessedAt })
})

test('changing an assessment dates it today', () => {
  const before = Date.now()
  const { assessedAt } = assessmentForm.toRecord(assessmentForm.toFields(assessment), assessment)
  expect(Date.parse(assessedAt as string)).toBeGreaterThanOrEqual(before)
})

test('choosing another subject clears what was entered for the one before', () => {
  const fields = { ...assessmentForm.toFields(assessment), subject: 'at://did:plc:b/x/y', subjectCid: '' }
  expect(assessmentForm.toRecord(fields, assessment).subject).toEqual({ uri: 'at://did:plc:b/x/y' })
})

test('shows an error at the field that it is about', () => {
  expect(profileForm.fieldOf('url')).toBe('url')
  expect(assessmentForm.fieldOf('risk/expectedGone')).toBe('expectedGone')
  expect(assessmentForm.fieldOf('subject/uri')).toBe('subject')
  expect(torrentForm.fieldOf('webseeds/0/url')).toBe('webseeds')
  expect(torrentForm.fieldOf('infoHashV2')).toBeUndefined()
})
