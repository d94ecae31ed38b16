/**
 * The words of a torrent after the two that the allow-list uses: completed downloads, WebSocket peers, and the lists of
 * IPv4 and IPv6 peers.
 */
export const completedField = 2
export const socketSeeders = 3
export const socketLeechers = 4
export const listsField = 5
