import { checkUnicastPolicy } from '@atproto-labs/fetch-node'

/** Said of a record whose addresses on private hosts are passed over; without it private hosts are allowed here. */
export const webSeedDropped = 'private-webseed-dropped'
export const trackerDropped = 'private-tracker-dropped'

/** Whether an address in a record with these warnings may be used. */
export function isUsable(
  url: string,
  { warnings, dropped }: { warnings: readonly string[]; dropped: string },
): boolean {
  return !warnings.includes(dropped) || !namesPrivateHost(url)
}

/** By its spelling; what a name resolves to is checked when it is dialled. */
function namesPrivateHost(url: string): boolean {
  return URL.canParse(url) && checkUnicastPolicy(new URL(url)) !== undefined
}
