import { xrpc } from '@atproto/lex-client'
import { lexToJson } from '@atproto/lex-json'
import type { l, Query } from '@atproto/lex-schema'
import { type Authorities, servedMethods } from '@holdfast/lexicons/authority'
import { failureOf } from './records/xrpc-failure.ts'

/** A client for the queries that our lexicons define on an AppView, which is a server that indexes the network. */
export interface AppView {
  readonly url: string
  /** Sends a query. Throws a CommandError if the server cannot be reached or refuses. */
  query<M extends Query>(method: MethodModule<M>, params: ParamsOf<M>): Promise<AnswerOf<M>>
}

/** A generated module of a method, such as `searchDatasets`. */
export interface MethodModule<M extends Query> {
  readonly main: M
}
export type ParamsOf<M extends Query> = { [P in keyof l.InferMethodParams<M>]?: unknown } & Record<
  string,
  unknown
>
export type AnswerOf<M extends Query> = l.InferMethodOutputBody<M>

const timeoutMs = 30_000

/** Makes a client for the AppView at `url`. */
export function appView(url: string, authorities: Authorities): AppView {
  return {
    url,
    async query<M extends Query>({ main }: MethodModule<M>, params: ParamsOf<M>) {
      const [schema] = servedMethods<Query>(main, authorities)
      try {
        const options = { params: params as never, signal: AbortSignal.timeout(timeoutMs) }
        const answer = await xrpc(url, schema!, options)
        return answer.body as AnswerOf<M>
      } catch (error) {
        throw failureOf(error, `Asking the AppView at ${url}`)
      }
    },
  }
}

/** The JSON form of an answer, for `--json`. */
export function answerJson(body: unknown): unknown {
  return lexToJson(body as never)
}
