import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { NameError, type Names } from './names.ts'

/**
 * Resolves the few names that the operator configured, as every program on this machine does, including search domains.
 * Never use it for names from strangers: slow ones would block the few threads that `getaddrinfo` has.
 */
export const systemNames: Names = {
  async addressesOf(spelled) {
    const hostname = spelled.replaceAll(/^\[|\]$/g, '')
    try {
      const found = await lookup(hostname, { all: true })
      return found.map(({ address }) => ({ address, family: isIP(address) as 4 | 6 }))
    } catch (cause) {
      const { code = 'EUNKNOWN' } = cause as NodeJS.ErrnoException
      throw new NameError(hostname, code === 'ENOTFOUND' ? 'missing' : 'failed', code)
    }
  },
  textsOf: async (hostname) => Promise.reject(new NameError(hostname, 'failed', 'not asked')),
}
