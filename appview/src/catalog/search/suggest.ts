import type { Db } from '../sql.ts'

/** `org.holdfast.suggest#suggestion` */
export interface Suggestion {
  text: string
  kind: 'dataset' | 'keyword' | 'publisher' | 'person' | 'author'
  uri?: string
  did?: string
  count?: number
}

/** Completions of what is being typed, best first. */
export async function suggest(_db: Db, _q: string, _limit = 8): Promise<Suggestion[]> {
  return []
}
