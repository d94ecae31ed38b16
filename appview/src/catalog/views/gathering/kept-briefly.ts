import { LatestMap } from '@holdfast/runtime/latest-map'

/**
 * Answers may be this old: hundreds may take parts in a second, and a dataset may have a hundred thousand. It must stay below
 * the second within which what is denied is gone.
 */
const keptMs = 500
const mostKept = 1_000

/** Reads an answer, or repeats the one that was read for the same question a moment ago. A failure is not repeated. */
export function keptBriefly<Question, Answer>(
  read: (question: Question) => Promise<Answer>,
  now: () => number = () => performance.now(),
): (question: Question) => Promise<Answer> {
  const kept = new LatestMap<string, { at: number; answer: Promise<Answer> }>(mostKept)
  return (question) => {
    const key = JSON.stringify(question)
    const known = kept.get(key)
    if (known && now() - known.at < keptMs) return known.answer
    const answer = read(question)
    kept.set(key, { at: now(), answer })
    answer.catch(() => kept.delete(key))
    return answer
  }
}
