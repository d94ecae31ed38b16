import { createSocket } from 'node:dgram'

// What Node's dgram can do at most: every datagram goes back as it came.
const socket = createSocket({ type: 'udp4', lookup: (host, _options, found) => found(null, host, 4) })
socket.on('message', (message, from) => socket.send(message, 0, message.length, from.port, from.address))
socket.bind(Number(process.argv[2]), '127.0.0.1', () => console.log('ready'))
