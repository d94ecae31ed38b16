/** Exit codes of the process. Scripts may rely on these numbers. */
export const exitCodes = {
  ok: 0,
  /** Something did not work, or a check found faults. */
  failure: 1,
  /** The command line, an environment variable or an input file is wrong. */
  usage: 2,
  /** The thing that was asked for does not exist. */
  notFound: 3,
  /** Not signed in, or not allowed. */
  auth: 4,
  /** A server could not be reached or did not answer as it should. */
  network: 5,
  /** Another program changed the record in the meantime. */
  conflict: 6,
  /** Stopped by Ctrl-C. */
  interrupted: 130,
} as const

export type FailureKind = Exclude<keyof typeof exitCodes, 'ok'>

/** An error that ends the program and whose message explains it in full, so that no stack is shown. */
export class CommandError extends Error {
  readonly kind: FailureKind
  /** Further fields of what `--json` prints, for programs. */
  readonly details: object

  constructor(kind: FailureKind, message: string, options?: ErrorOptions & { details?: object }) {
    super(message, options)
    this.name = 'CommandError'
    this.kind = kind
    this.details = options?.details ?? {}
  }
}
