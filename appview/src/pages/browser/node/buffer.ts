// The parser of torrents is written against Node's Buffer.
export { Buffer } from 'buffer/'
