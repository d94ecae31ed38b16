/** Remembers which tokens were used, for as long as they could be used again. */
export interface TokenIds {
  /** Takes an id until a time in seconds since 1970; false when it was taken already. */
  take(id: string, until: number): Promise<boolean>
}

/** In this process's memory: enough for one process, since a token is short-lived. */
export function memoryTokenIds(capacity = 100_000): TokenIds {
  const taken = new Map<string, number>()
  return {
    async take(id, until) {
      const now = Date.now() / 1000
      if ((taken.get(id) ?? 0) >= now) return false
      // Oldest first; a flood of tokens, each with a valid signature, forgets the oldest.
      for (const [old, end] of taken) {
        if (end >= now && taken.size < capacity) break
        taken.delete(old)
      }
      taken.set(id, until)
      return true
    },
  }
}

/** The one command of a Redis client that is needed; `SET key value EX seconds NX`. */
export interface SetsOnce {
  set(key: string, value: string, ex: 'EX', seconds: number, nx: 'NX'): Promise<'OK' | null>
}

/** Shared by several processes behind one address; while Redis is away each knows only what it took itself. */
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
