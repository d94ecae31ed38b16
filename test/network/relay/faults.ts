import type { Frame } from './frames.ts'
import { seededRandom } from './seeded-random.ts'
import type { Entry, Stream } from './stream.ts'

export interface FaultPlan {
  /** The same seed and the same frames give the same faults, as long as no reorder window is sent before it is full. */
  seed?: number
  /** The share of frames, from 0 to 1, that are lost; their sequence numbers are used up. */
  dropRate?: number
  /** The share of frames, from 0 to 1, that are sent twice. */
  repeatRate?: number
  /** Shuffles this many frames at a time; a window that is not full after 50 ms is sent as it is. */
  reorderWindow?: number
  /**
   * `sequence` (the default) shuffles frames before numbering, so that numbers still rise; `delivery` sends numbers out
   * of order.
   */
  reorderStage?: 'sequence' | 'delivery'
  /** Each frame is delayed by up to this long, in order. */
  delayMs?: number
  /** Cuts all connections after every this many frames. */
  disconnectEvery?: number
}

type Matching = (frame: Frame) => boolean
interface Order {
  left: number
  matching: Matching
}

/** Sits between the upstreams and the stream, and introduces the faults it is told to. */
export class Faults {
  readonly counts = { dropped: 0, repeated: 0, reordered: 0, disconnected: 0 }
  #stream: Stream
  #plan: FaultPlan = {}
  #random = seededRandom(0)
  #drops: Order[] = []
  #repeats: Order[] = []
  #window: { size: number; stage: 'sequence' | 'delivery'; items: (() => void)[] } | undefined
  #windowTimer: NodeJS.Timeout | undefined
  #held: Entry[] | undefined
  #waiting: { dueMs: number; send: () => void }[] = []
  #delayTimer: NodeJS.Timeout | undefined
  #untilDisconnect = Number.POSITIVE_INFINITY

  constructor(stream: Stream) {
    this.#stream = stream
  }

  /** Introduces random faults from now on; fields that are left out are off. */
  setFaults(plan: FaultPlan) {
    this.#flushWindow()
    this.#plan = plan
    this.#random = seededRandom(plan.seed ?? 0)
    this.#untilDisconnect = plan.disconnectEvery ?? Number.POSITIVE_INFINITY
    this.#window = undefined
  }

  /** Stops every fault and sends what was held back. */
  clear() {
    this.setFaults({})
    this.#drops = []
    this.#repeats = []
    this.release()
  }

  /** Loses the next `count` frames, or the next that match. */
  dropNext(count = 1, matching: Matching = () => true) {
    this.#drops.push({ left: count, matching })
  }

  /** Sends the next `count` frames twice, or the next that match. */
  repeatNext(count = 1, matching: Matching = () => true) {
    this.#repeats.push({ left: count, matching })
  }

  /** Collects the next `count` frames and sends them in reverse order. */
  reverseNext(count: number, stage: 'sequence' | 'delivery' = 'sequence') {
    this.#flushWindow()
    this.#window = { size: count, stage, items: [] }
  }

  /** Keeps frames from now on in the log without sending them, until `release`. */
  hold() {
    this.#held ??= []
  }

  /** Sends the frames that `hold` kept. */
  release() {
    const held = this.#held ?? []
    this.#held = undefined
    for (const entry of held) this.#deliver(entry)
  }

  /** Cuts all connections, now or after `frames` more. */
  disconnect(frames = 0) {
    if (frames > 0) {
      this.#untilDisconnect = frames
      return
    }
    this.counts.disconnected++
    this.#stream.disconnect()
  }

  /** Receives one frame; the relay calls this for each. */
  accept(frame: Frame) {
    const { dropRate = 0, reorderWindow = 0, reorderStage = 'sequence' } = this.#plan
    const unlucky = this.#random() < dropRate
    if (takes(this.#drops, frame) || unlucky) {
      this.counts.dropped++
      this.#stream.skip()
      return
    }
    if (reorderWindow > 1) this.#window ??= { size: reorderWindow, stage: reorderStage, items: [] }
    if (this.#window?.stage === 'sequence') this.#gather(() => this.#deliver(this.#stream.append(frame)))
    else if (this.#window) {
      const entry = this.#stream.append(frame)
      this.#gather(() => this.#deliver(entry))
    } else this.#deliver(this.#stream.append(frame))
  }

  [Symbol.dispose]() {
    clearTimeout(this.#windowTimer)
    clearTimeout(this.#delayTimer)
    this.#waiting = []
  }

  #gather(letGo: () => void) {
    const window = this.#window!
    window.items.push(letGo)
    clearTimeout(this.#windowTimer)
    if (window.items.length >= window.size) this.#flushWindow()
    else this.#windowTimer = setTimeout(() => this.#flushWindow(), 50)
  }

  #flushWindow() {
    clearTimeout(this.#windowTimer)
    const items = this.#window?.items ?? []
    this.#window = undefined
    if (items.length > 1) this.counts.reordered += items.length
    const order = this.#plan.reorderWindow ? shuffled(items, this.#random) : items.toReversed()
    for (const letGo of order) letGo()
  }

  #deliver(entry: Entry) {
    if (this.#held) {
      this.#held.push(entry)
      return
    }
    const repeated = takes(this.#repeats, entry.frame) || this.#random() < (this.#plan.repeatRate ?? 0)
    if (repeated) this.counts.repeated++
    this.#afterDelay(() => {
      this.#stream.deliver(entry)
      if (repeated) this.#stream.deliver(entry)
      if (--this.#untilDisconnect > 0) return
      this.#untilDisconnect = this.#plan.disconnectEvery ?? Number.POSITIVE_INFINITY
      this.disconnect()
    })
  }

  #afterDelay(send: () => void) {
    const { delayMs = 0 } = this.#plan
    const now = performance.now()
    // No frame overtakes those that still wait, even if the delay was just switched off.
    const dueMs = Math.max(now + this.#random() * delayMs, this.#waiting.at(-1)?.dueMs ?? 0)
    if (this.#waiting.length === 0 && delayMs === 0) return send()
    this.#waiting.push({ dueMs, send })
    if (this.#waiting.length === 1) this.#sendDue()
  }

  /** A single timer is used for all frames, because timers of different lengths may fire out of order. */
  #sendDue() {
    while (this.#waiting[0] && this.#waiting[0].dueMs <= performance.now()) this.#waiting.shift()!.send()
    if (this.#waiting[0]) {
      this.#delayTimer = setTimeout(
        () => this.#sendDue(),
        Math.max(0, this.#waiting[0].dueMs - performance.now()),
      )
    }
  }
}

function takes(orders: Order[], frame: Frame): boolean {
  const order = orders.find(({ left, matching }) => left > 0 && matching(frame))
  if (!order) return false
  order.left--
  return true
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const result = [...items]
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[result[i], result[j]] = [result[j]!, result[i]!]
  }
  return result
}
