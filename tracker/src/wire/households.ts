import { siteBytes } from '../swarms/neighbours.ts'
import { readAddress } from './address.ts'

const words = new Int32Array(4)

/**
 * Keys for counting neighbours: what an IPv4 address or a whole /64 share, and what a whole /48 shares. They are not
 * addresses.
 */
export function neighbourhoodOf(address: string): { household: string; site: string } {
  const family = readAddress(address, words)
  if (family < 0) return { household: address, site: address }
  if (family === 0) return { household: `${words[0]}`, site: `${words[0]}` }
  return { household: `${words[0]}/${words[1]}`, site: `${words[0]}/${words[1]! & siteBytes}/48` }
}
