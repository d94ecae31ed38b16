/** What the process ends with; scripts may rely on these numbers. */
export const exitCodes = {
  ok: 0,
  /** Something did not work, or a check found faults. */
  failure: 1,
  /** The command line, a variable or an input file is wrong. */
  usage: 2,
  /** What was asked for is not there. */
  notFound: 3,
  /** Not signed in, or not allowed. */
  auth: 4,
  /** A server could not be reached or did not answer as it should. */
  network: 5,
  /** Somebody else changed the record meanwhile. */
  conflict: 6,
  /** Stopped by Ctrl-C. */
  interrupted: 130,
} as const

export type FailureKind = Exclude<keyof typeof exitCodes, 'ok'>

/** An end of the program that the message explains in full: no stack is shown. */
export class Failure extends Error {
  readonly kind: FailureKind

  constructor(kind: FailureKind, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'Failure'
    this.kind = kind
  }
}
