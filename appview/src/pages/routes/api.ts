import { lexiconDocuments } from '@holdfast/lexicons/documents'
import type { RequestHandler } from 'express'
import { html } from '../html.ts'
import { type ApiMethod, apiMethods, methodSection, recordSections } from '../parts/api-reference.ts'
import { PageError } from '../server/page-error.ts'
import { queryOf } from '../server/request-query.ts'
import type { MakePage } from '../server/serve-page.ts'

const documents = lexiconDocuments()
const methods = apiMethods(documents)

/** The API, from the lexicons themselves: what each method takes, answers and refuses. */
export const apiPage: MakePage = (view) => {
  const { t } = view
  const kinds = ['query', 'procedure', 'subscription'] as const
  return {
    title: t.api.title,
    section: 'api',
    canonical: '/api',
    main: html`<h1>${t.api.title}</h1><p>${t.api.intro}</p><p>${t.api.base} <code class="break">${view.publicUrl}/xrpc/</code></p>
${kinds.map((kind) => html`<section aria-labelledby="${kind}"><h2 id="${kind}">${t.api.kinds[kind]}</h2><dl class="fields">${methods.filter((method) => method.kind === kind).map((method) => html`<div><dt><a href="${view.href(`/api/${method.name}`)}">${method.name}</a></dt><dd lang="en">${method.description}</dd></div>`)}</dl></section>`)}
<section aria-labelledby="records"><h2 id="records">${t.api.records}</h2><div lang="en">${recordSections(documents)}</div></section>`,
  }
}

/** One method, with a form that asks it here and now. */
export const apiMethodPage: MakePage = (view, req) => {
  const method = find(req.params.method)
  return {
    title: method.name,
    section: 'api',
    canonical: `/api/${method.name}`,
    scripts: ['try-it.js'],
    main: html`<p class="crumbs"><a href="${view.href('/api')}">${view.t.api.title}</a></p>${methodSection(view, method, documents)}`,
  }
}

/** A form sends every field: only those that were filled in go on to the method. */
export const tryMethod: RequestHandler = (req, res, next) => {
  try {
    const method = find(req.params.method)
    if (method.kind !== 'query') throw new PageError(404, 'page')
    const asked = queryOf(req)
    const given = new URLSearchParams()
    for (const { name } of method.parameters) {
      for (const value of asked.getAll(name)) if (value.trim() !== '') given.append(name, value)
    }
    res.redirect(303, `/xrpc/${method.nsid}${given.size > 0 ? `?${given}` : ''}`)
  } catch (error) {
    next(error)
  }
}

function find(name: string | undefined): ApiMethod {
  const method = methods.find((one) => one.name === name)
  if (!method) throw new PageError(404, 'page')
  return method
}
