/** Whether an argument of the command line is an address and not a path. */
export function isAddress(text: string): boolean {
  return /^https?:\/\//i.test(text)
}
