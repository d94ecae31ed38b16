import { xrpc } from '@atproto/lex-client'
import { lexToJson } from '@atproto/lex-json'
import type { l, Procedure, Query } from '@atproto/lex-schema'
import { type Authorities, servedMethods } from '@holdfast/lexicons/authority'
import { failureOf } from './records/xrpc-failure.ts'
import { limitedFetch } from './session/limited-fetch.ts'

/** A client for the queries that our lexicons define on an AppView, which is a server that indexes the network. */
export interface AppView {
  readonly url: string
  /** Sends a query. Throws a CommandError if the server cannot be reached or refuses. */
  query<M extends Query>(method: MethodModule<M>, params: ParamsOf<M>): Promise<AnswerOf<M>>
  /**
   * Calls a procedure in the name of an account, with a token that its PDS makes for this one call (atproto XRPC spec,
   * inter-service authentication).
   */
  call<M extends Procedure>(method: ProcedureModule<M>, input: InputOf<M>, as: Caller): Promise<OutputOf<M>>
  /** The AppView's own DID, as its DID document says. */
  did(): Promise<string>
}

/** An account that can prove to a server who calls. */
export interface Caller {
  /** A token for one method of the server with this DID. */
  serviceToken(audience: string, method: string): Promise<string>
}

/** A generated module of a procedure, such as `leaseNextPart`. */
export interface ProcedureModule<M extends Procedure> {
  readonly main: M
}
export type InputOf<M extends Procedure> = l.InferMethodInputBody<M>
export type OutputOf<M extends Procedure> = l.InferMethodOutputBody<M>

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
  let known: Promise<string> | undefined
  const readDid = async () => {
    const answer = await fetch(new URL('/.well-known/did.json', url))
    const { id } = (await answer.json()) as { id?: unknown }
    if (typeof id !== 'string' || !id.startsWith('did:')) throw new Error('its DID document has no id')
    return id
  }
  const did = () => {
    known ??= readDid().catch((error) => {
      throw failureOf(error, `Asking the AppView at ${url} for its DID`)
    })
    return known
  }
  return {
    url,
    did,
    async call<M extends Procedure>({ main }: ProcedureModule<M>, input: InputOf<M>, as: Caller) {
      const [schema] = servedMethods<Procedure>(main, authorities)
      const token = await as.serviceToken(await did(), schema!.nsid)
      try {
        const options = { body: input as never, headers: { authorization: `Bearer ${token}` } }
        const answer = await xrpc(agent, schema!, options)
        return answer.body as OutputOf<M>
      } catch (error) {
        throw failureOf(error, `Asking the AppView at ${url}`)
      }
    },
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
