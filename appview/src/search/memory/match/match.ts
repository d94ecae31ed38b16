/**
 * Finds which datasets of a segment match, and how well. An ascending list of candidates is intersected with one list of
 * postings after the other, the shortest first: step by step, or by binary search where one list is much longer.
 */

import { findId, lookUp, type Postings, type Run, type Segment } from '../segments/segment.ts'
import { scratch } from './scratch.ts'
import type { AnyOf, SegmentQuery, WeighedWord } from './segment-query.ts'

/** Writes the matches, including deleted datasets, to `scratch.docs` and `scratch.scores`, and returns their number. */
export function matchSegment(segment: Segment, query: SegmentQuery): number {
  const required = query.required.map((term) => readAnyOf(segment, term)).sort((a, b) => a.length - b.length)
  if (required.some((docs) => docs.length === 0)) return 0
  let count = query.enough > 0 ? holdEnough(segment, query) : holdAll(segment, query, required)
  if (query.enough > 0) for (const docs of required) count = keepIn(docs, count)
  if (count === 0 || !query.ranked) return count
  for (const hint of query.hints) addScores(segment.words, lookUp(segment.words, hint.base), hint, count)
  for (const pair of query.pairs) addFixed(segment.terms, lookUp(segment.terms, pair.base), pair.score, count)
  return count
}

/** Finds the datasets with all words and all required terms. */
function holdAll(segment: Segment, query: SegmentQuery, required: readonly Uint16Array[]): number {
  const words = query.words
    .map((word) => ({ word, run: lookUp(segment.words, word.base) }))
    .sort((a, b) => length(a.run) - length(b.run))
  if (words.some(({ run }) => length(run) === 0)) return 0
  const [shortest] = required
  const [word] = words
  let count: number
  let left = required
  if (word && (!shortest || length(word.run) <= shortest.length)) {
    count = begin(segment.words, word.run, query.ranked ? word.word : unweighed)
    words.shift()
  } else if (shortest) {
    scratch.docs.set(shortest)
    scratch.scores.fill(0, 0, shortest.length)
    count = shortest.length
    left = required.slice(1)
  } else {
    for (let doc = 0; doc < segment.size; doc++) scratch.docs[doc] = doc
    scratch.scores.fill(0, 0, segment.size)
    count = segment.size
  }
  for (const { run, word: one } of words)
    count = keepWord(segment.words, run, query.ranked ? one : unweighed, count)
  for (const listed of left) count = keepIn(listed, count)
  return count
}

const unweighed: WeighedWord = { base: 0, weight: 0, presence: 0 }

function begin({ docs, levels }: Postings, { from, to }: Run, { weight, presence }: WeighedWord): number {
  const { docs: found, scores } = scratch
  found.set(docs.subarray(from, to))
  for (let i = from, n = 0; i < to; i++, n++) scores[n] = weight * (levels[i]! + presence)
  return to - from
}

function length({ from, to }: Run): number {
  return to - from
}

/** In a list that is so many times longer, each dataset of the shorter list is looked up by search. */
const muchLonger = 12

function keepWord(postings: Postings, run: Run, { weight, presence }: WeighedWord, count: number): number {
  const { docs: found, scores } = scratch
  const { docs, levels } = postings
  const seeks = length(run) > muchLonger * count
  let at = run.from
  let kept = 0
  for (let n = 0; n < count && at < run.to; n++) {
    const doc = found[n]!
    if (seeks) at = seek(docs, at, run.to, doc)
    else while (at < run.to && docs[at]! < doc) at++
    if (at >= run.to || docs[at] !== doc) continue
    found[kept] = doc
    scores[kept++] = scores[n]! + weight * (levels[at]! + presence)
  }
  return kept
}

function keepIn(listed: Uint16Array, count: number): number {
  const { docs: found, scores } = scratch
  const seeks = listed.length > muchLonger * count
  let at = 0
  let kept = 0
  for (let n = 0; n < count && at < listed.length; n++) {
    const doc = found[n]!
    if (seeks) at = seek(listed, at, listed.length, doc)
    else while (at < listed.length && listed[at]! < doc) at++
    if (at >= listed.length || listed[at] !== doc) continue
    found[kept] = doc
    scores[kept++] = scores[n]!
  }
  return kept
}

/** The first place from `from` on whose dataset is not below `doc`, by galloping search. */
function seek(docs: Uint16Array, from: number, to: number, doc: number): number {
  let step = 1
  let low = from
  let high = from
  while (high < to && docs[high]! < doc) {
    low = high + 1
    high += step
    step *= 2
  }
  if (high > to) high = to
  while (low < high) {
    const middle = (low + high) >>> 1
    if (docs[middle]! < doc) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * Finds the datasets that have words of enough weight together. The heaviest words add candidates until the rest alone
 * cannot reach that weight; the rest is then looked up only among the candidates.
 */
function holdEnough({ words: postings }: Segment, { words, enough, ranked }: SegmentQuery): number {
  let rest = words.reduce((sum, word) => sum + word.weight, 0)
  let count = 0
  for (const word of words) {
    const run = lookUp(postings, word.base)
    if (rest >= enough) count = mergeWord(postings, run, word, count)
    else addScores(postings, run, word, count, scratch.matchedWeight)
    rest -= word.weight
  }
  const { docs: found, scores, matchedWeight } = scratch
  let kept = 0
  for (let n = 0; n < count; n++) {
    if (matchedWeight[n]! < enough) continue
    found[kept] = found[n]!
    scores[kept++] = ranked ? scores[n]! : 0
  }
  return kept
}

/**
 * Merges a word's datasets into the candidates in place; from the end, so that nothing is overwritten before it is
 * read.
 */
function mergeWord(
  { docs, levels }: Postings,
  run: Run,
  { weight, presence }: WeighedWord,
  count: number,
): number {
  const { docs: found, scores, matchedWeight } = scratch
  const end = count + length(run)
  let to = end
  let n = count - 1
  for (let at = run.to - 1; at >= run.from; at--) {
    const doc = docs[at]!
    for (; n >= 0 && found[n]! > doc; n--) {
      found[--to] = found[n]!
      scores[to] = scores[n]!
      matchedWeight[to] = matchedWeight[n]!
    }
    const isThere = n >= 0 && found[n] === doc
    found[--to] = doc
    scores[to] = weight * (levels[at]! + presence) + (isThere ? scores[n]! : 0)
    matchedWeight[to] = weight + (isThere ? matchedWeight[n]! : 0)
    if (isThere) n--
  }
  // Candidates before the word's first dataset are already in their place.
  const kept = n + 1
  if (to > kept) for (const list of [found, scores, matchedWeight]) list.copyWithin(kept, to, end)
  return kept + end - to
}

function addScores(
  { docs, levels }: Postings,
  run: Run,
  { weight, presence }: WeighedWord,
  count: number,
  matchedWeight?: Int32Array,
): void {
  const { docs: found, scores } = scratch
  const seeks = length(run) > muchLonger * count
  let at = run.from
  for (let n = 0; n < count && at < run.to; n++) {
    const doc = found[n]!
    if (seeks) at = seek(docs, at, run.to, doc)
    else while (at < run.to && docs[at]! < doc) at++
    if (at >= run.to || docs[at] !== doc) continue
    scores[n]! += weight * (levels[at]! + presence)
    if (matchedWeight) matchedWeight[n]! += weight
  }
}

function addFixed({ docs }: Postings, run: Run, score: number, count: number): void {
  const { docs: found, scores } = scratch
  let low = 0
  // A pair occurs in few datasets, so each of these is looked up among the matches.
  for (let i = run.from; i < run.to && low < count; i++) {
    low = seek(found, low, count, docs[i]!)
    if (low < count && found[low] === docs[i]) scores[low]! += score
  }
}

/** The datasets that have one of these words, terms or ids, ascending. */
function readAnyOf(segment: Segment, { words, terms, ids }: AnyOf): Uint16Array {
  const lists = [
    ...words.map((base) => slice(segment.words, base)),
    ...terms.map((base) => slice(segment.terms, base)),
  ]
  if (ids.length > 0)
    lists.push(
      Uint16Array.from(ids.map((id) => findId(segment.columns, id)).filter((doc) => doc >= 0)).sort(),
    )
  const some = lists.filter((list) => list.length > 0)
  if (some.length < 2) return some[0] ?? new Uint16Array(0)
  return union(some, segment.size)
}

function slice(postings: Postings, base: number): Uint16Array {
  const { from, to } = lookUp(postings, base)
  return postings.docs.subarray(from, to)
}

function union(lists: readonly Uint16Array[], size: number): Uint16Array {
  const { listed } = scratch
  for (const list of lists) for (let i = 0; i < list.length; i++) listed[list[i]!] = 1
  const all = new Uint16Array(
    Math.min(
      size,
      lists.reduce((sum, list) => sum + list.length, 0),
    ),
  )
  let count = 0
  for (let doc = 0; doc < size; doc++) {
    if (listed[doc] === 0) continue
    all[count++] = doc
    listed[doc] = 0
  }
  return all.subarray(0, count)
}
