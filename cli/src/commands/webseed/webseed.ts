import { Command } from 'commander'
import type { Connections } from '../../connections.ts'
import { webseedAddCommand } from './add.ts'
import { webseedCheckCommand } from './check.ts'

/** `holdfast webseed …`. */
export function webseedCommand(connections: Connections): Command {
  return new Command('webseed')
    .description('publish and check HTTP servers that have a torrent’s files')
    .addCommand(webseedAddCommand(connections))
    .addCommand(webseedCheckCommand(connections))
}
