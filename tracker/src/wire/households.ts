import { siteBytes } from '../swarms/neighbors.ts'
import { readAddress } from './address.ts'

const words = new Int32Array(4)

/**
 * Keys for counting neighbors: what an IPv4 address or a whole /64 share, and what a whole /48 shares. They are not
 * addresses.
 */
export function neighborhoodOf(address: string): { household: string; site: string } {
  const family = readAddress(address, words)
  if (family < 0) return { household: address, site: address }
  if (family === 0) return { household: `${words[0]}`, site: `${words[0]}` }
  return { household: `${words[0]}/${words[1]}`, site: `${words[0]}/${words[1]! & siteBytes}/48` }
}
