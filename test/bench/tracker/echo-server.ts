import { createSocket } from 'node:dgram'

// Measures the upper limit of Node's dgram: every datagram is sent back unchanged.
const socket = createSocket({ type: 'udp4', lookup: (host, _options, found) => found(null, host, 4) })
socket.on('message', (message, from) => socket.send(message, 0, message.length, from.port, from.address))
socket.bind(Number(process.argv[2]), '127.0.0.1', () => console.log('ready'))
