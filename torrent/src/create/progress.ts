const everyMs = 100
/** The rate is computed from the last reports, so that neither a resumed start nor a slow disk an hour ago distorts it. */
const samples = 30

export interface CreateProgress {
  readonly phase: 'scan' | 'hash'
  readonly files: number
  readonly bytesDone: number
  /** The total known so far, while scanning. */
  readonly bytesTotal: number
  readonly bytesPerSecond: number
  readonly secondsLeft: number | null
}

/** Turns counters into progress reports, at most ten per second. */
export function progressMeter(report: ((progress: CreateProgress) => void) | undefined) {
  let reportedAt = 0
  return {
    scanned(files: number, bytesTotal: number): void {
      if (!report || performance.now() - reportedAt < everyMs) return
      reportedAt = performance.now()
      report({ phase: 'scan', files, bytesDone: 0, bytesTotal, bytesPerSecond: 0, secondsLeft: null })
    },
    /** Reports until the returned function is called, and once more then. */
    hashing(
      counter: SharedArrayBuffer,
      files: { readonly length: number; readonly sizeBytes: number },
    ): () => void {
      if (!report) return () => {}
      const bytesRead = new BigInt64Array(counter)
      const seen = [{ atMs: performance.now(), bytes: 0 }]
      const tell = () => {
        const bytesDone = Number(Atomics.load(bytesRead, 0))
        seen.push({ atMs: performance.now(), bytes: bytesDone })
        if (seen.length > samples) seen.shift()
        const [from, to] = [seen[0]!, seen.at(-1)!]
        const bytesPerSecond =
          to.atMs > from.atMs ? ((to.bytes - from.bytes) / (to.atMs - from.atMs)) * 1000 : 0
        const secondsLeft = bytesPerSecond > 0 ? (files.sizeBytes - bytesDone) / bytesPerSecond : null
        report({
          phase: 'hash',
          files: files.length,
          bytesDone,
          bytesTotal: files.sizeBytes,
          bytesPerSecond,
          secondsLeft,
        })
      }
      const timer = setInterval(tell, everyMs)
      return () => {
        clearInterval(timer)
        tell()
      }
    },
  }
}
