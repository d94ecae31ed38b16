/**
 * A count with its noun: `1 record`, `2 records`, or `? records` if the count is unknown. `plural` is needed where it is not
 * formed with an s.
 */
export function counted(count: number | undefined, noun: string, plural = `${noun}s`): string {
  return `${count ?? '?'} ${count === 1 ? noun : plural}`
}
