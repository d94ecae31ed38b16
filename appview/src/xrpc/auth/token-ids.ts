/** Remembers the ids of used tokens for as long as the tokens are valid. */
export interface TokenIds {
  /** Marks an id as used until `until`, in seconds since 1970; resolves with false when it was used already. */
  take(id: string, until: number): Promise<boolean>
}

/** Keeps ids in memory. This is enough for a single process, since tokens are short-lived. */
export function memoryTokenIds(capacity = 100_000): TokenIds {
  const taken = new Map<string, number>()
  return {
    async take(id, until) {
      const now = Date.now() / 1000
      if ((taken.get(id) ?? 0) >= now) return false
      // Ids are in order of age; beyond the capacity, which needs many validly signed tokens, the oldest are forgotten.
      for (const [old, end] of taken) {
        if (end >= now && taken.size < capacity) break
        taken.delete(old)
      }
      taken.set(id, until)
      return true
    },
  }
}

/** The only Redis command that is needed: `SET key value EX seconds NX`. */
export interface SetsOnce {
  set(key: string, value: string, ex: 'EX', seconds: number, nx: 'NX'): Promise<'OK' | null>
}

/** Shares ids between processes behind one address. While Redis is away, each process knows only the ids it saw itself. */
export function redisTokenIds(redis: SetsOnce): TokenIds {
  const own = memoryTokenIds()
  return {
    async take(id, until) {
      if (!(await own.take(id, until))) return false
      const seconds = Math.max(1, Math.ceil(until - Date.now() / 1000))
      try {
        return (await redis.set(`holdfast:token:${id}`, '1', 'EX', seconds, 'NX')) === 'OK'
      } catch {
        return true
      }
    },
  }
}
