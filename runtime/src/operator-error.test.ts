import { expect, test } from 'vitest'
import { ConfigError, messageOf, OperatorError } from './operator-error.ts'

test('shows only the message of an error that an operator can correct', () => {
  expect(messageOf(new OperatorError('Port 1 is taken. Take another.', { cause: new Error('EACCES') }))).toBe(
    'Port 1 is taken. Take another.',
  )
  expect(messageOf(new ConfigError(['A=b: write a number']))).toBe(
    'The configuration has a problem:\n  A=b: write a number',
  )
})

test('shows the stack of a fault in the program, whatever its message', () => {
  for (const message of ['Cannot set properties of undefined', 'check failed', 'cannot start the thread']) {
    const cause = new RangeError('the cause')
    const shown = messageOf(new TypeError(message, { cause }))
    expect(shown).toContain('operator-error.test.ts')
    expect(shown).toContain('the cause')
  }
  expect(messageOf('thrown text')).toContain('thrown text')
})
