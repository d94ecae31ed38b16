import { XRPCError } from '@atproto/xrpc-server'

/** HTTP status of each error that our lexicons declare; a test holds this equal to them. */
export const statusOf = {
  AdminDisabled: 403,
  AuthenticationRequired: 401,
  AuthorNotFound: 400,
  ConsumerTooSlow: 400,
  ContentNotFound: 404,
  FutureCursor: 400,
  InvalidCursor: 400,
  InvalidInfoHash: 400,
  InvalidQuery: 400,
  InvalidRange: 400,
  InvalidSubject: 400,
  LeaseNotFound: 404,
  MetainfoUnavailable: 404,
  NoPart: 404,
  RateLimitExceeded: 429,
  RecordNotFound: 404,
  SourceBusy: 429,
  TooManyClaims: 429,
} as const

export type ErrorName = keyof typeof statusOf

/** A caller's mistake, under a name that the method's lexicon declares. */
export class CallerError extends XRPCError {
  readonly errorName: ErrorName
  constructor(name: ErrorName, message: string) {
    super(statusOf[name], message, name)
    this.errorName = name
  }
}
