/** The operator's own programs beside this one: the tracker, scripts, a bench. A proxy says for whom it asks. */
export function isThisMachine(req: {
  socket: { remoteAddress?: string | undefined }
  headers: Record<string, unknown>
}): boolean {
  const address = req.socket.remoteAddress ?? ''
  const isLoopback = address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.')
  return isLoopback && req.headers['x-forwarded-for'] === undefined
}

/** One household is one /64 in IPv6; whoever has it has all of its addresses. */
export function addressKey(ip: string): string {
  if (!ip.includes(':') || ip.startsWith('::ffff:')) return ip
  const [head = '', tail = ''] = ip.split('::')
  const left = head.split(':').filter(Boolean)
  const right = tail.split(':').filter(Boolean)
  const missing = Math.max(0, 8 - left.length - right.length)
  return [...left, ...Array(missing).fill('0'), ...right].slice(0, 4).join(':')
}
