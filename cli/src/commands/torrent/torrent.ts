import { Command } from 'commander'
import type { Connections } from '../../connections.ts'
import { torrentCreateCommand } from './create.ts'
import { torrentInspectCommand } from './inspect.ts'
import { torrentVerifyCommand } from './verify.ts'

/** `holdfast torrent …`. */
export function torrentCommand(connections: Connections): Command {
  return new Command('torrent')
    .addCommand(torrentCreateCommand(connections))
    .addCommand(torrentInspectCommand(connections))
    .addCommand(torrentVerifyCommand(connections))
}
