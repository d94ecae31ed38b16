// The parser of torrents uses Node's Buffer.
export { Buffer } from 'buffer/'
