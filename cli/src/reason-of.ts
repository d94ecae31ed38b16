/** The innermost reason of an error, because `fetch failed` alone explains nothing. */
export function reasonOf(error: unknown): string {
  const innermost = causesOf(error).at(-1)!
  const found =
    innermost instanceof AggregateError && innermost.errors[0] instanceof Error
      ? innermost.errors[0]
      : innermost
  return found.message || (found as NodeJS.ErrnoException).code || 'no answer'
}

/** An error and its causes, the innermost last. */
export function causesOf(error: unknown): Error[] {
  const causes: Error[] = []
  for (let found = error; found instanceof Error && causes.length < 10; found = found.cause)
    causes.push(found)
  return causes.length > 0 ? causes : [new Error(String(error))]
}
