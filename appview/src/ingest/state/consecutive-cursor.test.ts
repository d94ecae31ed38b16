import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createConsecutiveCursor } from './consecutive-cursor.ts'

test('moves the cursor to the last event before the first that is not done', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 9 }), { maxLength: 3_000 }), (choices) => {
      const cursor = createConsecutiveCursor()
      const open = new Map<number, () => void>()
      let seq = 0
      for (const choice of choices) {
        if (choice < 5) open.set(++seq, cursor.begin(seq))
        else if (choice === 5) cursor.pass(++seq)
        else {
          const pick = [...open.keys()].at(-(choice - 5)) ?? -1
          open.get(pick)?.()
          open.delete(pick)
        }
        const oldest = Math.min(...open.keys(), seq + 1)
        expect(cursor.at ?? 0).toBe(oldest - 1)
      }
      for (const finish of open.values()) finish()
      expect([cursor.at ?? 0, cursor.pending]).toEqual([seq, 0])
    }),
    { numRuns: 200 },
  )
})

test('a source whose numbers decrease does not move the cursor back', () => {
  const cursor = createConsecutiveCursor()
  cursor.pass(7)
  cursor.begin(5)()
  expect(cursor.at).toBe(7)
})
