/**
 * The pages for publishing. Everything happens between the browser and the person's own server; this server only sends the
 * forms and scripts, and never has a session.
 */
import { type Authorities, writtenNsid } from '@holdfast/lexicons/authority'
import { type Collection, collections, collectionsFor, methods } from '@holdfast/lexicons/nsid'
import type { RequestHandler } from 'express'
import { queryOf } from '../../http/request-target.ts'
import { type Html, html, jsonInHtml } from '../html.ts'
import { datasetFields, torrentField } from '../parts/dataset/dataset-form.ts'
import type { Page } from '../parts/layout.ts'
import type { MakePage } from '../serve-page.ts'
import type { View } from '../view.ts'

export interface AccountParts {
  authorities: Authorities
  /** The PLC directory that browsers use. */
  plcUrl: string
  /** For development: allows PDSes without encryption. */
  allowHttp: boolean
  trackers: readonly string[]
}

/** The media types that these pages upload: torrents, and pictures as browsers write them. */
const blobs = ['application/x-bittorrent', 'image/webp', 'image/png'] as const

/** Where scripts of these pages may connect: to any server, since any may have the account. */
export function connectOf({ allowHttp }: AccountParts): string {
  return allowHttp ? 'https: http:' : 'https:'
}

/** The page for describing a dataset, or for changing one's own description. */
export function publishPage(parts: AccountParts): MakePage {
  return (view, req) => {
    const isEdit = queryOf(req).has('uri')
    const { t } = view
    return accountPage(view, parts, {
      title: isEdit ? t.publish.editTitle : t.nav.publish,
      main: html`<h1>${isEdit ? t.publish.editTitle : t.nav.publish}</h1><p class="lead">${t.publish.lead}</p>
${signInParts(view)}
<form id="dataset-form" class="form" hidden>${datasetFields(view)}${torrentField(view)}<button type="submit">${isEdit ? t.publish.save : t.publish.publish}</button></form>
${!isEdit && html`<section class="prose" id="command-line">${t.prose.publish(view.href)}</section>`}`,
    })
  }
}

/** The page for adding a webseed to any content. */
export function webseedPage(parts: AccountParts): MakePage {
  return (view, req) => {
    const infoHash = queryOf(req).get('infoHash') ?? ''
    const { t } = view
    return accountPage(view, parts, {
      title: t.torrent.addWebseed,
      main: html`<h1>${t.torrent.addWebseed}</h1><p>${t.publish.webseedText}</p>
${signInParts(view)}
<form id="webseed-form" class="form" hidden>
<div class="field"><label for="w-hash">${t.publish.infoHash}</label><input id="w-hash" name="infoHash" value="${infoHash}" required pattern="[0-9a-fA-F]{40}|[0-9a-fA-F]{64}" spellcheck="false" autocomplete="off"></div>
<div class="field"><label for="w-url">${t.publish.address}</label><input id="w-url" name="url" type="url" required placeholder="https://"><p class="hint">${t.publish.addressHint}</p></div>
<div class="field"><label for="w-note">${t.publish.note}</label><input id="w-note" name="note" maxlength="1000"></div>
<button type="submit">${t.publish.publish}</button></form>`,
    })
  }
}

/** The page with one's own records and their status here. */
export function myRecordsPage(parts: AccountParts): MakePage {
  return (view) =>
    accountPage(view, parts, {
      title: view.t.publish.myRecords,
      main: html`<h1>${view.t.publish.myRecords}</h1><p>${view.t.publish.myRecordsText}</p>
${signInParts(view)}
<ul id="my-records" class="sources" aria-busy="true" aria-label="${view.t.publish.myRecords}" hidden></ul>`,
    })
}

/** The page to which the account's server redirects after signing in. */
export function signedInPage(parts: AccountParts): MakePage {
  return (view) =>
    accountPage(view, parts, {
      title: view.t.publish.signingIn,
      main: html`<h1>${view.t.publish.signingIn}</h1><p id="message" class="alert note" role="status">${view.t.publish.moment}</p>`,
    })
}

/** Makes a page whose script signs in and writes records. */
export function accountPage(view: View, parts: AccountParts, page: { title: string; main: Html }): Page {
  return {
    title: page.title,
    section: 'publish',
    earlyScript: 'signed-in-before.js',
    scripts: ['account.min.js'],
    head: html`<script type="application/json" id="settings">${jsonInHtml(settingsOf(view, parts))}</script>`,
    main: html`<div class="narrow">${page.main}</div>`,
  }
}

function settingsOf(view: View, { authorities, plcUrl, allowHttp, trackers }: AccountParts): object {
  const publishes: readonly Collection[] = collectionsFor.publish
  const written = Object.entries(collections).flatMap(([name, nsid]) =>
    publishes.includes(nsid) ? [[name, writtenNsid(nsid, authorities)]] : [],
  )
  const statuses = Object.entries(view.t.recordStatus).map(([status, text]) => [`status-${status}`, text])
  const kinds = Object.entries(view.t.recordKinds).map(([kind, text]) => [`kind-${kind}`, text])
  const { hiddenReasons, rejectReasons, warnings } = view.t
  const reasons = Object.entries({ ...hiddenReasons, ...rejectReasons }).map(([code, text]) => [
    `reason-${code}`,
    text,
  ])
  const told = Object.entries(warnings).map(([code, text]) => [`warning-${code}`, text])
  return {
    plcUrl,
    allowHttp,
    siteName: view.siteName,
    collections: Object.fromEntries(written),
    blobs,
    statusMethod: methods.getRecordStatus,
    trackers,
    texts: { ...view.t.browser, ...Object.fromEntries([...statuses, ...kinds, ...reasons, ...told]) },
  }
}

/** The parts for signing in, for the signed-in account, and for messages of the script. */
export function signInParts(view: View): Html {
  const { t } = view
  return html`<noscript><p class="alert note">${t.publish.needsScript} <a href="${view.href('/publish#command-line')}">${t.publish.fromCommandLine}</a>.</p></noscript>
<form id="sign-in" class="form js-only"><h2>${t.publish.signIn}</h2><p>${t.publish.signInText}</p>
<div class="field"><label for="account">${t.publish.handle}</label><input id="account" name="account" required autocomplete="username" autocapitalize="none" spellcheck="false" placeholder="alice.bsky.social" aria-describedby="account-hint"><p class="hint" id="account-hint">${t.publish.handleHint}</p></div>
<button type="submit" disabled>${t.publish.signIn}</button>
<p class="hint">${t.publish.noAccount} <a href="https://bsky.app/" rel="noopener noreferrer">Bluesky</a>.</p></form>
<div id="signed-in" hidden><p>${t.publish.signedInAs} <strong id="signed-in-name" class="break"></strong></p><p class="buttons"><a class="button quiet" href="${view.href('/my')}">${t.publish.myRecords}</a> <a class="button quiet" href="${view.href('/publish/profile')}">${t.publish.profile}</a> <button type="button" id="sign-out" class="quiet">${t.publish.signOut}</button></p></div>
<p id="message" class="alert note" role="status" hidden></p>`
}

/** Serves the OAuth client metadata, which an account's server reads (atproto OAuth profile). */
export function clientMetadata(
  parts: AccountParts,
  site: { publicUrl(): string; name: string },
): RequestHandler {
  return (_req, res) => {
    const url = site.publicUrl()
    const repos = collectionsFor.publish.map(
      (collection) => `repo:${writtenNsid(collection, parts.authorities)}`,
    )
    res.setHeader('Cache-Control', 'public, max-age=3600')
    res.json({
      client_id: `${url}/client-metadata.json`,
      client_name: site.name,
      client_uri: url,
      redirect_uris: [`${url}/signed-in`],
      policy_uri: `${url}/policy`,
      scope: ['atproto', ...repos, ...blobs.map((type) => `blob:${type}`)].join(' '),
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      application_type: 'web',
      dpop_bound_access_tokens: true,
    })
  }
}

/** Resolves a handle for a page, which can use neither DNS nor other sites without CORS. */
export function resolveHandle(
  resolve: (handle: string, address: string) => Promise<string | undefined>,
): RequestHandler {
  return async (req, res, next) => {
    try {
      const handle = typeof req.query.handle === 'string' ? req.query.handle.toLowerCase() : ''
      const isHandle =
        handle.length <= 253 &&
        /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/.test(handle)
      const did = isHandle ? await resolve(handle, req.ip ?? '') : undefined
      res.setHeader('Cache-Control', 'no-store')
      if (did === 'busy')
        return res.status(429).setHeader('Retry-After', '60').json({
          error: 'RateLimitExceeded',
          message: 'Too many handles were looked up in this minute. Try again in the next.',
        })
      if (!did)
        return res.status(404).json({ error: 'HandleNotFound', message: 'This handle leads to no account.' })
      res.json({ did })
    } catch (error) {
      next(error)
    }
  }
}
