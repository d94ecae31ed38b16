import type { l } from '@atproto/lex'
import { InternalServerError, type Server } from '@atproto/xrpc-server'
import { type Authorities, servedMethods } from '@holdfast/lexicons/authority'
import type { Request, Response } from 'express'
import { InvalidCursorError } from '../catalog/cursor.ts'
import { SearchError } from '../catalog/search/search-error.ts'
import { storable } from '../catalog/sql.ts'
import { CallerError } from './caller-error.ts'

type HttpMethod = l.Query | l.Procedure

export interface Call<M extends HttpMethod> {
  readonly params: l.InferMethodParams<M>
  readonly input: l.InferMethodInputBody<M, Uint8Array>
  readonly req: Request
  readonly res: Response
}

/** Answers one method with the body its lexicon describes; throws CallerError under a declared name. */
export type Answer<M extends HttpMethod> = (call: Call<M>) => Promise<l.InferMethodOutputBody<M, Uint8Array>>

export interface Serving {
  readonly server: Server
  readonly authorities: Authorities
  /** Who may call; throws an XRPCError. */
  readonly auth: (request: { req: Request }) => Promise<{ credentials: unknown }>
  /** `Cache-Control`; the ETag makes asking again cheap, and what is denied must be gone within a second. */
  readonly cacheControl: string
}

/** Serves a method under every authority. */
export function serve<M extends HttpMethod>(
  serving: Serving,
  schema: { readonly main: M },
  answer: Answer<M>,
): void {
  const declared: readonly string[] = schema.main.errors ?? []
  const handler = async ({ params, input, req, res }: HandlerContext<M>) => {
    res.setHeader('Cache-Control', serving.cacheControl)
    const body = await answer({
      params: withoutNul(params),
      input: input?.body as Call<M>['input'],
      req,
      res,
    }).catch((error) => {
      throw toDeclared(error, { declared, method: schema.main.nsid })
    })
    return { encoding: schema.main.output?.encoding ?? 'application/json', body }
  }
  for (const served of servedMethods<M>(schema.main, serving.authorities)) {
    // The type of `add` depends on the kind of its schema, which is open here.
    serving.server.add(served as never, { auth: serving.auth, handler } as never)
  }
}

interface HandlerContext<M extends HttpMethod> {
  params: l.InferMethodParams<M>
  input: { body: unknown } | undefined
  req: Request
  res: Response
}

/** A caller's mistake under its declared name; anything else is our own fault and stays as it is. */
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

/** PostgreSQL has no text with NUL in it, so that nothing stored can match one. */
function withoutNul<Params>(params: Params): Params {
  const clean = (value: unknown): unknown =>
    typeof value === 'string' ? storable(value) : Array.isArray(value) ? value.map(clean) : value
  return Object.fromEntries(
    Object.entries(params as object).map(([name, value]) => [name, clean(value)]),
  ) as Params
}
