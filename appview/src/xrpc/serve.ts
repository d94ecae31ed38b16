import type { l } from '@atproto/lex-schema'
import { InternalServerError, InvalidRequestError, type Server } from '@atproto/xrpc-server'
import { type Authorities, servedMethods } from '@holdfast/lexicons/authority'
import type { Request, Response } from 'express'
import { queryOf } from '../http/request-target.ts'
import { SearchError } from '../search/query/search-error.ts'
import { InvalidCursorError } from '../store/page-cursor.ts'
import { storable } from '../store/sql.ts'
import { CallerError } from './caller-error.ts'

type HttpMethod = l.Query | l.Procedure

export interface Call<M extends HttpMethod> {
  readonly params: l.InferMethodParams<M>
  readonly input: l.InferMethodInputBody<M, Uint8Array>
  /** The account that calls, if a service token proves one. */
  readonly caller: string | null
  readonly req: Request
  readonly res: Response
}

/** Answers one method with the body its lexicon describes; throws CallerError under a declared name. */
export type Answer<M extends HttpMethod> = (call: Call<M>) => Promise<l.InferMethodOutputBody<M, Uint8Array>>

export interface Serving {
  readonly server: Server
  readonly authorities: Authorities
  /** Checks who calls. @throws XRPCError when the caller may not call this method */
  readonly auth: (request: { req: Request }) => Promise<{ credentials: unknown }>
  /** The value of `Cache-Control`. It must not delay a denial for more than a second; ETags keep repeated requests cheap. */
  readonly cacheControl: string
}

/** Adds a method to the XRPC server, under every authority. */
export function serve<M extends HttpMethod>(
  serving: Serving,
  schema: { readonly main: M },
  answer: Answer<M>,
): void {
  const declared: readonly string[] = schema.main.errors ?? []
  const handler = async ({ params, input, auth, req, res }: HandlerContext<M>) => {
    refuseUnknown(schema.main, req)
    res.setHeader('Cache-Control', serving.cacheControl)
    const body = await answer({
      params: withoutNul(params),
      input: input?.body as Call<M>['input'],
      caller: callerIn(auth?.credentials),
      req,
      res,
    }).catch((error) => {
      throw toDeclared(error, { declared, method: schema.main.nsid })
    })
    return { encoding: schema.main.output?.encoding ?? 'application/json', body }
  }
  for (const served of servedMethods<M>(schema.main, serving.authorities)) {
    // The type of `add` depends on the kind of schema, which is generic here.
    serving.server.add(served as never, { auth: serving.auth, handler } as never)
  }
}

function callerIn(credentials: unknown): string | null {
  const { did } = (credentials ?? {}) as { did?: unknown }
  return typeof did === 'string' ? did : null
}

/** The account that calls. @throws CallerError AuthenticationRequired for a call without a service token */
export function requireCaller(caller: string | null): string {
  if (caller !== null) return caller
  throw new CallerError(
    'AuthenticationRequired',
    'This method acts for an account: send a service token of your PDS as “Authorization: Bearer TOKEN” (com.atproto.server.getServiceAuth, with this method as lxm).',
  )
}

/** Refuses unknown parameters: if an unknown filter were ignored, its results would look filtered. */
export function refuseUnknown(
  { nsid, parameters }: HttpMethod | l.Subscription,
  req: { originalUrl?: string; url?: string | undefined },
): void {
  const known = Object.keys(parameters?.shape ?? {})
  const given = queryOf({ originalUrl: req.originalUrl ?? req.url ?? '' }).keys()
  const unknown = given.find((name) => !known.includes(name))
  if (unknown === undefined) return
  const takes = known.length === 0 ? 'none' : `only ${known.join(', ')}`
  throw new InvalidRequestError(`${nsid} takes no parameter ${unknown.slice(0, 100)}; it takes ${takes}.`)
}

interface HandlerContext<M extends HttpMethod> {
  params: l.InferMethodParams<M>
  input: { body: unknown } | undefined
  auth: { credentials: unknown } | undefined
  req: Request
  res: Response
}

/** Turns a caller's mistake into an error with a name that the lexicon declares; any other error is ours and is left as it is. */
export function toDeclared(
  error: unknown,
  { declared, method }: { declared: readonly string[]; method: string },
): unknown {
  const callerError = toCallerError(error)
  if (!callerError || declared.includes(callerError.errorName)) return callerError ?? error
  return new InternalServerError(`${method} does not declare ${callerError.errorName}`, undefined, {
    cause: error,
  })
}

function toCallerError(error: unknown): CallerError | undefined {
  if (error instanceof CallerError) return error
  if (error instanceof InvalidCursorError) return new CallerError('InvalidCursor', error.message)
  if (error instanceof SearchError) return new CallerError(error.error, error.message)
  return undefined
}

/** Replaces NUL in parameters. PostgreSQL cannot store it, so nothing could match it anyway. */
function withoutNul<Params>(params: Params): Params {
  const clean = (value: unknown): unknown =>
    typeof value === 'string' ? storable(value) : Array.isArray(value) ? value.map(clean) : value
  return Object.fromEntries(
    Object.entries(params as object).map(([name, value]) => [name, clean(value)]),
  ) as Params
}
