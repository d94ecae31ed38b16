import { XRPCError } from '@atproto/api'
import { XrpcError as LexXrpcError, XrpcFetchError, XrpcResponseError } from '@atproto/lex'
import { Failure, type FailureKind } from '../failure.ts'

/** Turns what a call to a server threw into a Failure that says what was being done. */
export function failureOf(error: unknown, doing: string): Failure {
  if (error instanceof Failure) return error
  if (error instanceof XRPCError)
    return answered(error.status, error.error, error.message, { doing, cause: error })
  if (error instanceof XrpcResponseError)
    return answered(error.status, error.error, error.message, { doing, cause: error })
  if (error instanceof XrpcFetchError || (error instanceof TypeError && error.message === 'fetch failed'))
    return new Failure('network', `${doing}: ${reasonOf(error)}. Is the server up and its address right?`, {
      cause: error,
    })
  if (error instanceof LexXrpcError)
    return new Failure('network', `${doing}: ${reasonOf(error)}`, { cause: error })
  return new Failure('failure', `${doing}: ${(error as Error).message}`, { cause: error })
}

type Context = { doing: string; cause: Error }

// @atproto/api reports a connection that failed as status 1, an answer that is none of XRPC's as 2.
function answered(status: number, name: string, message: string, { doing, cause }: Context): Failure {
  const says = message && message !== name ? `${name}: ${message}` : name
  if (status < 100)
    return new Failure('network', `${doing}: ${reasonOf(cause)}. Is the server up and its address right?`, {
      cause,
    })
  return new Failure(kindOf(status, name), `${doing}: the server says ${says}`, { cause })
}

function kindOf(status: number, name: string): FailureKind {
  if (name === 'InvalidSwap') return 'conflict'
  if (status === 401 || status === 403 || name === 'AuthMissing' || name === 'ExpiredToken') return 'auth'
  if (status === 404 || /NotFound$/.test(name)) return 'notFound'
  if (status === 429 || status >= 500) return 'network'
  return 'failure'
}

/** The innermost reason: `fetch failed` alone helps nobody. */
function reasonOf(error: unknown): string {
  let found = error as Error
  while (found.cause instanceof Error) found = found.cause
  if (found instanceof AggregateError && found.errors[0] instanceof Error) found = found.errors[0]
  const code = (found as NodeJS.ErrnoException).code
  return found.message || code || 'no answer'
}
