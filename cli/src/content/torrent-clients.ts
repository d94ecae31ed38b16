import { resolve } from 'node:path'

/** The command line that makes each client download a .torrent into a directory. */
export const clients = {
  /** Adds the torrent to the running daemon. */
  transmission: (file: string, directory: string) => [
    'transmission-remote',
    '--add',
    resolve(file),
    '--download-dir',
    resolve(directory),
  ],
  /** Downloads in the foreground, then exits. */
  aria2: (file: string, directory: string) => [
    'aria2c',
    '--seed-time=0',
    '--check-integrity=true',
    `--dir=${resolve(directory)}`,
    resolve(file),
  ],
  qbittorrent: (file: string, directory: string) => [
    'qbittorrent',
    `--save-path=${resolve(directory)}`,
    '--skip-dialog=true',
    resolve(file),
  ],
} as const

export type TorrentClient = keyof typeof clients
