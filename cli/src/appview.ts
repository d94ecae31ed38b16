import { xrpc } from '@atproto/lex-client'
import { lexToJson } from '@atproto/lex-json'
import type { l, Query } from '@atproto/lex-schema'
import { type Authorities, servedMethods } from '@holdfast/lexicons/authority'
import { failureOf } from './records/xrpc-failure.ts'
import { limitedFetch } from './session/limited-fetch.ts'

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

/** An answer has a megabyte of records, or a `.torrent`'s list of files; a server that sends without end must not fill the memory. */
const limits = { timeoutMs: 30_000, maxBytes: 64 * 2 ** 20 }

/** Makes a client for the AppView at `url`. */
export function appView(url: string, authorities: Authorities): AppView {
  const fetch = limitedFetch(limits)
  const agent = { fetchHandler: (path: string, init: RequestInit) => fetch(new URL(path, url), init) }
  return {
    url,
    async query<M extends Query>({ main }: MethodModule<M>, params: ParamsOf<M>) {
      const [schema] = servedMethods<Query>(main, authorities)
      try {
        const options = { params: params as never }
        const answer = await xrpc(agent, schema!, options)
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
