import { expect, test } from 'vitest'
import { statusOfRefusal } from './account-standing.ts'
import { HostRefusedError } from './pds-client.ts'

test.each(['constructor', '__proto__', 'toString', 'SomethingElse'])(
  'a host that refuses with the error %s says nothing of the account',
  (name) => {
    expect(statusOfRefusal(new HostRefusedError(name, 'refused'))).toBeUndefined()
  },
)
