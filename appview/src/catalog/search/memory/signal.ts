/** Raised by anybody; whoever waits goes on. Raised while nobody waits, it lets the next one pass. */
export class Signal {
  private isRaised = false
  private readonly waiting = new Set<() => void>()

  raise(): void {
    this.isRaised = true
    for (const goOn of this.waiting) goOn()
  }

  /** Resolves when raised, or after so long. */
  async wait(longestMs: number): Promise<void> {
    if (!this.isRaised) await this.raisedWithin(longestMs)
    this.isRaised = false
  }

  private raisedWithin(longestMs: number): Promise<void> {
    return new Promise((resolve) => {
      const goOn = () => {
        clearTimeout(timer)
        this.waiting.delete(goOn)
        resolve()
      }
      const timer = setTimeout(goOn, longestMs).unref()
      this.waiting.add(goOn)
    })
  }
}
