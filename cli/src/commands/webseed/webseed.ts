import { Command } from 'commander'
import type { Connections } from '../../connections.ts'
import { webseedAddCommand } from './add.ts'
import { webseedCheckCommand } from './check.ts'

/** `holdfast webseed …`. */
export function webseedCommand(connections: Connections): Command {
  return new Command('webseed')
    .addCommand(webseedAddCommand(connections))
    .addCommand(webseedCheckCommand(connections))
}
