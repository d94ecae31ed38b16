import { CommandError, type FailureKind } from '../command-error.ts'
import { causesOf, reasonOf } from '../reason-of.ts'

/**
 * Turns an error of a call to a server into a CommandError that says what was being done. Errors are recognized by
 * their shape, so that this module imports neither of the clients.
 */
export function failureOf(error: unknown, doing: string): CommandError {
  if (error instanceof CommandError) return error
  const { status, error: name, message } = error as { status?: unknown; error?: unknown; message: string }
  if (isEndedSession(error))
    return new CommandError(
      'auth',
      `${doing}: the session has ended (${message}). Run \`holdfast login\` again.`,
      { cause: error },
    )
  if (isBadRequestOfOurs(error))
    return new CommandError('usage', `${doing}: ${reasonOf(error)}`, { cause: error })
  if (typeof status === 'number' && status >= 100) {
    const says = message && message !== name ? `${name}: ${message}` : String(name)
    return new CommandError(kindOf(status, String(name)), `${doing}: the server says ${says}`, {
      cause: error,
    })
  }
  if (typeof status === 'number' || isNetworkError(error))
    return new CommandError(
      'network',
      `${doing}: ${reasonOf(error)}. Is the server up and its address right?`,
      {
        cause: error,
      },
    )
  return new CommandError('failure', `${doing}: ${message}`, { cause: error })
}

/** The errors that our lexicons declare for a parameter which the caller has to correct. */
const wrongParameters: ReadonlySet<string> = new Set([
  'InvalidCursor',
  'InvalidInfoHash',
  'InvalidQuery',
  'InvalidRange',
  'InvalidSubject',
])

function kindOf(status: number, name: string): FailureKind {
  if (name === 'InvalidSwap') return 'conflict'
  if (wrongParameters.has(name)) return 'usage'
  if (status === 401 || status === 403 || name === 'AuthMissing' || name === 'ExpiredToken') return 'auth'
  if (status === 404 || /NotFound$/.test(name)) return 'notFound'
  if (status === 429 || status >= 500) return 'network'
  return 'failure'
}

function isEndedSession(error: unknown): boolean {
  const names = [
    'TokenRefreshError',
    'TokenRevokedError',
    'TokenInvalidError',
    'AuthMethodUnsatisfiableError',
  ]
  return causesOf(error).some((cause) => names.includes(cause.name) || names.includes(className(cause)))
}

/** Whether the client refused a parameter before sending it, such as an invalid AT-URI. */
function isBadRequestOfOurs(error: unknown): boolean {
  const isAnswer = typeof (error as { response?: unknown }).response === 'object'
  return !isAnswer && causesOf(error).some((cause) => className(cause) === 'LexValidationError')
}

function isNetworkError(error: unknown): boolean {
  return causesOf(error).some(
    (cause) =>
      cause.message === 'fetch failed' ||
      cause.name === 'TimeoutError' ||
      /^(Xrpc|Fetch\w*Error)/.test(className(cause)),
  )
}

function className(error: Error): string {
  return error.constructor.name
}
