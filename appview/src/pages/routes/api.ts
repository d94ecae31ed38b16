import { lexiconDocuments } from '@holdfast/lexicons/documents'
import type { RequestHandler } from 'express'
import { queryOf } from '../../http/request-target.ts'
import { html } from '../html.ts'
import { type ApiMethod, apiMethods, methodSection, recordSections } from '../parts/api-reference.ts'
import type { MakePage } from '../serve-page.ts'
import { PageError } from '../server/page-error.ts'

const documents = lexiconDocuments()
const methods = apiMethods(documents)

/** The page of the API reference, which is made from the lexicons. */
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

/** The page of one method, with a form that calls it. */
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

/** Redirects a form's request to the method without empty fields. */
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
