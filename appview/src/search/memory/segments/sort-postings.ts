import { bucketCount, type Postings } from './segment.ts'

/** Pairs of a term and a dataset that has it. The datasets of each term are ascending; terms are in any order. */
export interface Occurrences {
  readonly count: number
  /** The upper 15 bits of the term. */
  readonly buckets: Uint16Array
  /** The lower 32 bits of the term. */
  readonly terms: Uint32Array
  readonly docs: Uint16Array
  readonly levels: Uint8Array
}

/** Sorts by term and keeps the order of datasets (radix sort, least digits first); finds where each term begins. */
export function sortPostings(found: Occurrences, withLevels: boolean): Postings {
  let sorted = sortBy(found, (i) => found.terms[i]! & 0xffff)
  const second = sorted
  sorted = sortBy(second, (i) => second.terms[i]! >>> 16)
  const third = sorted
  sorted = sortBy(third, (i) => third.buckets[i]!)
  return {
    ...distinct(sorted),
    docs: sorted.docs,
    levels: withLevels ? sorted.levels : new Uint8Array(0),
  }
}

function sortBy(from: Occurrences, digitOf: (i: number) => number): Occurrences {
  const { count } = from
  const next = new Uint32Array(65_537)
  for (let i = 0; i < count; i++) next[digitOf(i) + 1]!++
  for (let digit = 0; digit < 65_536; digit++) next[digit + 1]! += next[digit]!
  const to = {
    count,
    buckets: new Uint16Array(count),
    terms: new Uint32Array(count),
    docs: new Uint16Array(count),
    levels: new Uint8Array(count),
  }
  for (let i = 0; i < count; i++) {
    const place = next[digitOf(i)]!++
    to.buckets[place] = from.buckets[i]!
    to.terms[place] = from.terms[i]!
    to.docs[place] = from.docs[i]!
    to.levels[place] = from.levels[i]!
  }
  return to
}

function distinct({ count, buckets, terms }: Occurrences): Pick<Postings, 'buckets' | 'terms' | 'starts'> {
  const isNew = (i: number) => i === 0 || terms[i] !== terms[i - 1] || buckets[i] !== buckets[i - 1]
  let size = 0
  for (let i = 0; i < count; i++) if (isNew(i)) size++
  const found = {
    buckets: new Uint32Array(bucketCount + 1),
    terms: new Uint32Array(size),
    starts: new Uint32Array(size + 1),
  }
  let at = 0
  for (let i = 0; i < count; i++) {
    if (!isNew(i)) continue
    found.terms[at] = terms[i]!
    found.starts[at++] = i
    found.buckets[buckets[i]! + 1]!++
  }
  found.starts[size] = count
  for (let bucket = 0; bucket < bucketCount; bucket++) found.buckets[bucket + 1]! += found.buckets[bucket]!
  return found
}
