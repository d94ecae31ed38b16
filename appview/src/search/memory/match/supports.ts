import type { Condition } from '../../plan/conditions.ts'
import { conditionsOf, type SearchRequest } from '../../plan/request.ts'
import type { Sort } from '../../plan/sorts.ts'

/** Which kinds of conditions memory can test. */
const supported = {
  word: true,
  'any-term': true,
  'any-row': true,
  'every-row': true,
  // Memory does not have the texts, which alone say in which order words stand.
  phrase: false,
  'excluded-phrase': false,
  'excluded-word': true,
  'excluded-terms': true,
  range: true,
  'at-least-one': true,
  created: true,
  indexed: false,
  'gone-before': true,
  // Only torrents have these, and memory contains datasets.
  'metainfo-status': false,
  webseed: false,
  'needs-seeders': false,
} as const satisfies Record<Condition['kind'], boolean>

type Supported = typeof supported
type SupportedKind = {
  [Kind in keyof Supported]: Supported[Kind] extends true ? Kind : never
}[keyof Supported]

/** A condition that memory can test. */
export type SupportedCondition = Extract<Condition, { kind: SupportedKind }>

export function supports(condition: Condition): condition is SupportedCondition {
  return supported[condition.kind]
}

/** An order that memory has the keys of; only the store has the dates that single accounts gave. */
export type SupportedSort = Exclude<Sort, { by: 'judged-end' }>

/** A search that memory can answer. */
export type SupportedRequest = SearchRequest & {
  readonly filters: readonly Extract<SearchRequest['filters'][number], SupportedCondition>[]
  readonly sort: SupportedSort
}

export function supportsRequest(request: SearchRequest): request is SupportedRequest {
  return request.sort.by !== 'judged-end' && conditionsOf(request).every(supports)
}
