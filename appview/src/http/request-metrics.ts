import type { RequestHandler } from 'express'
import { Counter, Histogram, type Registry } from 'prom-client'

/** Counts and times requests. The labels are a closed set: nothing a stranger writes becomes one. */
export function requestMetrics(registry: Registry, methods: ReadonlySet<string>): RequestHandler {
  const requests = new Counter({
    name: 'holdfast_http_requests_total',
    help: 'HTTP requests answered, by route and status class',
    labelNames: ['route', 'status'],
    registers: [registry],
  })
  const seconds = new Histogram({
    name: 'holdfast_http_request_seconds',
    help: 'Time to answer a request',
    labelNames: ['route'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [registry],
  })
  return (req, res, next) => {
    const startedAt = performance.now()
    const route = routeOf(req.path, methods)
    res.once('close', () => {
      seconds.observe({ route }, (performance.now() - startedAt) / 1000)
      requests.inc({ route, status: `${Math.floor(res.statusCode / 100)}xx` })
    })
    next()
  }
}

const sections = [
  'feeds',
  'torznab',
  'oai',
  'dataset',
  'torrent',
  'search',
  '.well-known',
  'openapi.json',
  'lexicons',
  'health',
  'metrics',
]

function routeOf(path: string, methods: ReadonlySet<string>): string {
  const [first = '', second = ''] = path.slice(1).split('/')
  if (first === 'xrpc') return methods.has(second) ? second : 'xrpc'
  return sections.includes(first) ? first : 'page'
}
