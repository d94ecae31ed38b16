import type { Condition } from '../../plan/conditions.ts'
import { conditionsOf, type SearchRequest } from '../../plan/request.ts'
import type { Sort } from '../../plan/sorts.ts'

/** Whether memory keeps what each kind of condition asks about. */
const supported = {
  word: true,
  'any-term': true,
  'any-row': true,
  'every-row': true,
  // Which words stand side by side is in the text alone.
  phrase: false,
  'excluded-phrase': false,
  'excluded-word': true,
  'excluded-terms': true,
  range: true,
  'at-least-one': true,
  created: true,
  indexed: false,
  'gone-before': true,
  // These are asked of torrents.
  'metainfo-status': false,
  webseed: false,
  'needs-seeders': false,
} as const satisfies Record<Condition['kind'], boolean>

type Supported = typeof supported
type SupportedKind = {
  [Kind in keyof Supported]: Supported[Kind] extends true ? Kind : never
}[keyof Supported]

/** A condition that memory can tell of a row. */
export type SupportedCondition = Extract<Condition, { kind: SupportedKind }>

export function supports(condition: Condition): condition is SupportedCondition {
  return supported[condition.kind]
}

/** An order that memory has the keys of. What single accounts expect of a dataset only the store knows. */
export type SupportedSort = Exclude<Sort, { by: 'judged-end' }>

/** A search that memory can answer. */
export type SupportedRequest = SearchRequest & {
  readonly filters: readonly Extract<SearchRequest['filters'][number], SupportedCondition>[]
  readonly sort: SupportedSort
}

export function supportsRequest(request: SearchRequest): request is SupportedRequest {
  return request.sort.by !== 'judged-end' && conditionsOf(request).every(supports)
}
