/** The messages with which `fetch-node` refuses an address. It has no class for these errors. */
const refusals =
  /^Blocked by url policy|^Hostname (?:is a non-unicast address|is not a public domain|resolved to non-unicast address)/

export function isRefusedAddress(error: unknown): boolean {
  for (let found = error; found instanceof Error; found = found.cause)
    if (refusals.test(found.message)) return true
  return false
}

/** Has the shape of any failure of `fetch`, whose cause says the reason. */
export function refusedAddress(address: string): TypeError {
  const cause = new Error(
    `${address} is or leads to an address in a private network, which records of others may not make this computer ask. If you trust it, set HOLDFAST_ALLOW_PRIVATE_HOSTS=on, or download the file yourself and name its path`,
  )
  return new TypeError('fetch failed', { cause })
}

/** Whether a failed request would fail again: its address or certificate is refused, or its answer is too large. */
export function isFinalFailure(error: unknown): boolean {
  if (isRefusedAddress(error)) return true
  for (let found = error; found instanceof Error; found = found.cause)
    if (/private network|certificate|(?:Response|Content-Length) too large/.test(found.message)) return true
  return false
}
