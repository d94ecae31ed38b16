import { linkTo } from '../../http/request-target.ts'
import { type Child, type Html, html, nothing } from '../html.ts'
import { languages } from '../i18n/language.ts'
import type { Assets } from '../server/assets.ts'
import type { View } from '../view.ts'

export interface Page {
  title: string
  /** One sentence for search engines and link previews. */
  description?: string | undefined
  /** Absolute URLs of the same content for programs; they are put into the head and the `Link` header. */
  alternates?: readonly { type: string; href: string }[] | undefined
  /** More elements for the head: structured data. */
  head?: Html | undefined
  main: Html
  /** The part of the site to which this page belongs. */
  section?: Section | undefined
  /** The canonical path of this page; without it, search engines are asked not to index the page. */
  canonical?: string | undefined
  /** False on pages with a search form of their own. */
  searchForm?: boolean | undefined
  /** Origins to which its scripts may connect besides this site. */
  connect?: string | undefined
  /** A script that runs before anything is drawn. */
  earlyScript?: string | undefined
  /** Scripts besides those of every page. */
  scripts?: readonly string[] | undefined
}

export type Section = 'search' | 'needs' | 'help' | 'publish' | 'api' | 'status' | 'feeds' | 'policy'

/** Renders the whole document. */
export function renderPage(view: View, page: Page, assets: Assets): string {
  const { t } = view
  const title =
    page.title === view.siteName ? `${view.siteName}: ${t.site.tagline}` : `${page.title} · ${view.siteName}`
  return html`<!doctype html>
<html lang="${view.language}">
<head>
<meta charset="utf-8">
<title>${title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${page.description && html`<meta name="description" content="${page.description}">\n`}${indexing(view, page)}<link rel="stylesheet" href="${assets.url('style.css')}">
<noscript><link rel="stylesheet" href="${assets.url('no-script.css')}"></noscript>
<link rel="icon" href="${assets.url('favicon.svg')}" type="image/svg+xml">
<link rel="search" type="application/opensearchdescription+xml" title="${view.siteName}" href="/opensearch.xml">
${page.earlyScript && html`<script src="${assets.url(page.earlyScript)}"></script>\n`}${['site.js', ...(page.scripts ?? [])].map((name) => html`<script type="module" src="${assets.url(name)}"></script>\n`)}${(page.alternates ?? []).map(({ type, href }) => html`<link rel="alternate" type="${type}" href="${href}">\n`)}${page.head}
</head>
<body>
<a class="skip" href="#main">${t.site.skip}</a>
${header(view, page)}
<main id="main" tabindex="-1">
${page.main}
</main>
${footer(view)}
</body>
</html>
`.text
}

function indexing(view: View, { canonical, title, description }: Page): Html {
  if (canonical === undefined) return html`<meta name="robots" content="noindex">\n`
  const url = view.publicUrl + canonical
  const other = languages.map(
    ({ tag }) =>
      html`<link rel="alternate" hreflang="${tag}" href="${url}${canonical.includes('?') ? '&' : '?'}lang=${tag}">\n`,
  )
  return html`<link rel="canonical" href="${url}">
${other}<meta property="og:title" content="${title}">
<meta property="og:site_name" content="${view.siteName}">
<meta property="og:url" content="${url}">
<meta property="og:type" content="website">
<meta name="twitter:card" content="summary">
${description && html`<meta property="og:description" content="${description}">\n`}`
}

function header(view: View, page: Page): Html {
  const { t } = view
  const link = (section: Section, path: string, text: string) =>
    html`<li><a href="${view.href(path)}"${page.section === section && html` aria-current="true"`}>${text}</a></li>`
  return html`<header class="site">
<div class="bar">
<a class="brand" href="${view.href('/')}">${mark}<span>${view.siteName}</span></a>
${page.searchForm === false ? nothing : searchForm(view, { id: 'q', label: t.search.label })}
<nav aria-label="${t.site.mainNavigation}"><ul>
${link('search', '/search', t.nav.browse)}
${link('needs', '/needs', t.nav.needs)}
${link('publish', '/publish', t.nav.publish)}
${link('help', '/help', t.nav.help)}
</ul></nav>
</div>
</header>`
}

/** The search form, which works without script; with script it shows completions. */
export function searchForm(
  view: View,
  options: { id: string; label: string; value?: string; hidden?: Child },
): Html {
  const { t } = view
  return html`<form class="search" role="search" action="/search" method="get">
<label class="hidden" for="${options.id}">${options.label}</label>
<input type="search" id="${options.id}" name="q" value="${options.value ?? ''}" placeholder="${t.search.placeholder}" maxlength="1000" autocomplete="off" dir="auto" data-typeahead>
${languageField(view)}${options.hidden}<button type="submit">${t.search.button}</button>
</form>`
}

/** A hidden field that keeps the language that the reader chose when a form is sent. */
export function languageField(view: View): Html {
  const chosen = new URL(view.href('/'), 'http://x').searchParams.get('lang')
  return chosen === null ? nothing : html`<input type="hidden" name="lang" value="${chosen}">`
}

function footer(view: View): Html {
  const { t } = view
  const link = (path: string, text: string) => html`<li><a href="${view.href(path)}">${text}</a></li>`
  return html`<footer class="site">
<div class="bar">
<nav aria-label="${t.site.moreNavigation}"><ul>
${link('/about', t.nav.about)}
${link('/help', t.nav.help)}
${link('/feeds', t.nav.feeds)}
${link('/api', t.nav.api)}
${link('/status', t.nav.status)}
${link('/policy', t.nav.policy)}
</ul></nav>
<nav aria-label="${t.site.languages}"><ul>
${languages.map(({ tag, name }) => html`<li>${tag === view.language ? html`<span lang="${tag}" aria-current="true">${name}</span>` : html`<a lang="${tag}" hreflang="${tag}" href="${inLanguage(view.here, tag)}">${name}</a>`}</li>`)}
</ul></nav>
<p>${t.site.promise}</p>
</div>
</footer>`
}

function inLanguage(here: string, language: string): string {
  const [path = '', asked] = here.split('?')
  const query = new URLSearchParams(asked)
  query.set('lang', language)
  return linkTo(path, query)
}

/** The logo: a holdfast, which anchors kelp to rock. */
const mark = html`<svg class="mark" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true"><path d="M12 2v9M12 11c0 4-5 3-7 9M12 11c0 4 5 3 7 9M12 11c0 5-2 5-2 10M12 11c0 5 2 5 2 10M12 5c3 0 4-1 5-3M12 8c-3 0-4-1-5-3" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round"/></svg>`
