import { resolveAccount } from '../catalog/read/account.ts'
import type { Db } from '../store/sql.ts'
import type { Clause } from './query/query.ts'
import { SearchError } from './query/search-error.ts'

/** Resolves accounts named by DID or handle to their DIDs. @throws SearchError AuthorNotFound */
export async function resolveAuthors(db: Db, names: readonly string[]): Promise<string[]> {
  return Promise.all(
    names.map(async (name) => {
      const did = await resolveAccount(db, name.replace(/^@/, ''))
      if (!did)
        throw new SearchError(
          'AuthorNotFound',
          `No account is known by the handle ${JSON.stringify(name.slice(0, 80))}. Use its DID.`,
        )
      return did
    }),
  )
}

/** Resolves `author:`: a handle or a DID names an account; anything else is searched for in people's names. */
export async function resolveAuthorClauses(db: Db, clauses: readonly Clause[]): Promise<Clause[]> {
  return Promise.all(
    clauses.map(async (clause): Promise<Clause> => {
      if (clause.field !== 'author') return clause
      if (!clause.value.startsWith('did:') && !clause.value.includes('.'))
        return { ...clause, field: 'people' }
      return { ...clause, value: (await resolveAccount(db, clause.value.replace(/^@/, ''))) ?? clause.value }
    }),
  )
}
