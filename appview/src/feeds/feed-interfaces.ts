import type { RequestHandler } from 'express'
import { feedsRouter } from './feeds-router.ts'
import { linkedDataRouter } from './linked-data/linked-data-router.ts'
import { type OaiParts, oaiRouter } from './oai/oai-router.ts'
import { sitemapRouter } from './sitemaps/sitemap-router.ts'
import type { FeedParts } from './sources.ts'
import { wellKnownRouter } from './well-known/well-known-router.ts'

/** Everything that programs follow by standards of others; each passes on what is not its own. */
export function feedInterfaces(parts: FeedParts & OaiParts & { version: string }): RequestHandler[] {
  return [
    feedsRouter(parts),
    linkedDataRouter(parts),
    oaiRouter(parts),
    sitemapRouter(parts),
    wellKnownRouter(parts),
  ]
}
