import { expect, test } from 'vitest'
import { counted } from './counted.ts'

test('gives a noun the form that its count needs', () => {
  expect([0, 1, 2].map((count) => counted(count, 'record'))).toEqual(['0 records', '1 record', '2 records'])
  expect(counted(1, 'repository', 'repositories')).toBe('1 repository')
  expect(counted(3, 'repository', 'repositories')).toBe('3 repositories')
})
