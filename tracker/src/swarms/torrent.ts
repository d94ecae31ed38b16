/**
 * Words of a torrent after the two that the allow-list uses: downloads, WebSocket peers, and the lists of IPv4 and
 * IPv6 peers.
 */
export const COMPLETED = 2
export const SOCKET_SEEDERS = 3
export const SOCKET_LEECHERS = 4
export const LISTS = 5
