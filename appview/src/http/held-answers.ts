/**
 * Limits the answers that are in memory because their readers are slow or do not read at all. Each answer is held whole
 * until the last of it was sent, so a visitor who asks for a great deal and reads nothing would fill the memory.
 */
import type { Request, RequestHandler, Response } from 'express'
import { Counter, Gauge, type Registry } from 'prom-client'
import { type AddressShare, addressShares } from './address.ts'
import type { OwnPrograms } from './own-programs.ts'
import { refusal } from './rate-limit.ts'

export interface HeldAnswerOptions {
  own: OwnPrograms
  registry: Registry
  /** The most bytes held for one address, besides a single answer. */
  bytesPerAddress?: number
  /** The most bytes held in all. */
  bytesInAll?: number
  /** How long a reader may read nothing. */
  stallMs?: number
  /** The slowest that an answer may be read, once it has taken as long as a reader may stall. */
  bytesPerSecond?: number
}

/** An answer that was begun and not yet sent to its end. */
interface Held {
  readonly res: Response
  readonly shares: readonly AddressShare[]
  /** What is held: the same object for readers who share one copy of a file. */
  readonly copy: object
  readonly bytes: number
}

/**
 * Refuses answers beyond the limits: with 429 those of an address that holds too much; when too much is held in all, the
 * visitor who holds the most loses the first of its answers, or is refused with 503 if it is the one who asks. A small
 * page is therefore always answered. The operator's own programs are not limited.
 */
export function limitHeldAnswers(options: HeldAnswerOptions): RequestHandler {
  const { own, bytesPerAddress = 64e6, bytesInAll = 256e6 } = options
  const metrics = createMetrics(options.registry)
  const all = createHolding()
  const holdings = new Map<string, Holding>()
  const holdingOf = (key: string) => holdings.get(key) ?? createHolding()

  function release(held: Held): void {
    if (!all.remove(held)) return
    metrics.bytes.set(all.bytes())
    for (const { key } of held.shares) {
      const holding = holdings.get(key)
      holding?.remove(held)
      if (holding?.isEmpty()) holdings.delete(key)
    }
  }

  /** Makes room in all by ending the answers of those who hold more than this visitor would. */
  function makeRoom(held: Held): boolean {
    const wanted = holdingOf(held.shares[0]!.key).bytesWith(held)
    while (all.bytesWith(held) > bytesInAll && !all.isEmpty()) {
      const first = fullestOf(all.answers(), holdings)
      if (!first || holdingOf(first.shares[0]!.key).bytes() <= wanted) return false
      metrics.refused.inc({ reason: 'overtaken' })
      release(first)
      first.res.destroy()
    }
    return true
  }

  function hold(held: Held): Reason | undefined {
    for (const { key, times } of held.shares) {
      const holding = holdingOf(key)
      if (!holding.isEmpty() && holding.bytesWith(held) > bytesPerAddress * times) return 'address'
    }
    if (!makeRoom(held)) return 'all'
    all.add(held)
    for (const { key } of held.shares) {
      const holding = holdingOf(key)
      holding.add(held)
      holdings.set(key, holding)
    }
    metrics.bytes.set(all.bytes())
    return undefined
  }

  return (req, res, next) => {
    if (own.includes(req)) return next()
    onAnswer(res, (chunk) => {
      const held = toHeld(req, res, chunk)
      const reason = hold(held)
      if (reason) {
        metrics.refused.inc({ reason })
        return reason
      }
      res.once('close', () => release(held))
      endIfSlow(res, held.bytes, options)
      return undefined
    })
    next()
  }
}

type Reason = 'address' | 'all'

/** Calls back with the body of an answer before it is sent; a reason to refuse it replaces it. Every answer is sent whole, by `end`. */
function onAnswer(res: Response, begin: (chunk: string | Uint8Array) => Reason | undefined): void {
  const end = res.end.bind(res) as (...parts: unknown[]) => Response
  res.end = ((...parts: unknown[]) => {
    const [chunk] = parts
    if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) return end(...parts)
    const reason = begin(chunk)
    if (!reason) return end(...parts)
    if (res.headersSent) return res.destroy()
    for (const name of ofTheBody) res.removeHeader(name)
    res.status(reason === 'all' ? 503 : 429)
    res.setHeader('Retry-After', '30')
    res.setHeader('Cache-Control', 'no-store')
    res.setHeader('Content-Type', 'application/json; charset=utf-8')
    return end(JSON.stringify(bodyOf[reason]))
  }) as Response['end']
}

const ofTheBody = ['content-length', 'content-encoding', 'content-disposition', 'etag', 'last-modified']

const bodyOf = {
  address: refusal('This address has not yet read what it was sent. Read it, then ask again.'),
  all: {
    error: 'NotEnoughResources',
    message: 'Too much is being sent at the moment. Ask again in half a minute.',
  },
} as const

function toHeld(req: Request, res: Response, chunk: string | Uint8Array): Held {
  const isWhole = typeof chunk !== 'string' && chunk.byteLength === chunk.buffer.byteLength
  return {
    res,
    shares: addressShares(req.ip ?? ''),
    copy: isWhole ? chunk.buffer : {},
    bytes: Buffer.byteLength(chunk),
  }
}

/** Ends the connection of a reader who stalls, or reads so slowly that it only seems to read. */
function endIfSlow(res: Response, bytes: number, options: HeldAnswerOptions): void {
  const { stallMs = 60_000, bytesPerSecond = 20_000 } = options
  // Node notices by the length of the queue whether anything was sent, and destroys the connection if nobody listens.
  res.setTimeout(stallMs)
  const slow = setTimeout(() => res.destroy(), stallMs + (1_000 * bytes) / bytesPerSecond)
  slow.unref()
  res.once('close', () => clearTimeout(slow))
}

/** The first answer of the visitor who holds the most. */
function fullestOf(answers: Iterable<Held>, holdings: ReadonlyMap<string, Holding>): Held | undefined {
  let fullest: Held | undefined
  let most = 0
  for (const held of answers) {
    const bytes = holdings.get(held.shares[0]!.key)?.bytes() ?? 0
    if (bytes <= most) continue
    fullest = held
    most = bytes
  }
  return fullest
}

interface Holding {
  bytes(): number
  /** The bytes once this answer is held too. */
  bytesWith(held: Held): number
  isEmpty(): boolean
  /** The answers, those begun first at the front. */
  answers(): Iterable<Held>
  add(held: Held): void
  /** Whether the answer was held. */
  remove(held: Held): boolean
}

/** Adds up answers; several of the same copy count once. */
function createHolding(): Holding {
  const answers = new Set<Held>()
  const readers = new Map<object, number>()
  let bytes = 0
  return {
    bytes: () => bytes,
    bytesWith: (held) => bytes + (readers.has(held.copy) ? 0 : held.bytes),
    isEmpty: () => answers.size === 0,
    answers: () => answers,
    add(held) {
      const before = readers.get(held.copy) ?? 0
      if (before === 0) bytes += held.bytes
      readers.set(held.copy, before + 1)
      answers.add(held)
    },
    remove(held) {
      if (!answers.delete(held)) return false
      const left = readers.get(held.copy)! - 1
      if (left > 0) readers.set(held.copy, left)
      else {
        readers.delete(held.copy)
        bytes -= held.bytes
      }
      return true
    },
  }
}

function createMetrics(registry: Registry) {
  return {
    bytes: new Gauge({
      name: 'holdfast_http_answer_bytes',
      help: 'Bytes of answers in memory that their readers have not read to the end',
      registers: [registry],
    }),
    refused: new Counter({
      name: 'holdfast_http_answers_refused_total',
      help: 'Answers refused or broken off because too much was held in memory for one address or in all',
      labelNames: ['reason'],
      registers: [registry],
    }),
  }
}
