import { expect, test } from 'vitest'
import { waitFor } from './wait-for.ts'

test('returns the value of the condition', async () => {
  let calls = 0
  expect(await waitFor(() => (++calls > 2 ? `call ${calls}` : undefined), { what: 'the third call' })).toBe(
    'call 3',
  )
})

test('goes on waiting when the condition throws', async () => {
  let calls = 0
  const condition = async () => {
    if (++calls < 3) throw new Error('not yet')
    return true
  }
  expect(await waitFor(condition, { what: 'the third call' })).toBe(true)
})

test('says what it waited for and what it saw last', async () => {
  const never = waitFor(() => 0, { what: 'a number above 0', timeoutMs: 20 })
  await expect(never).rejects.toThrow('waited 20 ms in vain for a number above 0; at last it returned 0')
  const cause = new Error('broken')
  const failing = waitFor(() => Promise.reject(cause), { what: 'an answer', timeoutMs: 20 })
  await expect(failing).rejects.toMatchObject({ message: expect.stringContaining('it threw: broken'), cause })
})
