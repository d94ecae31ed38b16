import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import type { RequestHandler } from 'express'

export interface Assets {
  /** The URL of a file, which changes with its content. */
  url(name: string): string
  serve: RequestHandler
}

const types: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
}

/** Reads the stylesheet, scripts and icon once; browsers may cache them for ever. */
export function loadAssets(folder: URL): Assets {
  const files = new Map<string, { path: string; type: string; bytes: Buffer }>()
  for (const name of readdirSync(folder)) {
    const bytes = readFileSync(new URL(name, folder))
    const [stem, extension = ''] = name.split(/\.(?=[^.]+$)/)
    const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 12)
    const type = types[extension]
    if (type) files.set(name, { path: `/assets/${stem}.${digest}.${extension}`, type, bytes })
  }
  const byPath = new Map([...files.values()].map((file) => [file.path, file]))
  return {
    url(name) {
      const file = files.get(name)
      if (!file) throw new Error(`There is no asset ${name} in ${folder.pathname}`)
      return file.path
    },
    serve(req, res, next) {
      const file = byPath.get(req.path)
      if (!file) return next()
      res.setHeader('Content-Type', file.type)
      res.setHeader('Cache-Control', 'public, max-age=31536000, immutable')
      res.setHeader('X-Content-Type-Options', 'nosniff')
      res.end(file.bytes)
    },
  }
}
