import { namesPrivateHost } from '../../../outbound/public-host.ts'

/** The warning of a record whose addresses on private hosts are ignored. Without it, private hosts are allowed on this server. */
export const webseedDropped = 'private-webseed-dropped'
export const trackerDropped = 'private-tracker-dropped'

/** Whether an address in a record with these warnings may be used. */
export function isUsable(
  url: string,
  { warnings, dropped }: { warnings: readonly string[]; dropped: string },
): boolean {
  return !warnings.includes(dropped) || !namesPrivateHost(url)
}
