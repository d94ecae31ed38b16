/** Makes the API reference from the lexicon documents, so that nothing in it is written twice. */
import type { lexiconDocuments } from '@holdfast/lexicons/documents'
import { canonicalAuthority } from '@holdfast/lexicons/nsid'
import { type Html, html, nothing } from '../html.ts'
import type { View } from '../view.ts'

type Documents = ReturnType<typeof lexiconDocuments>
type Definition = Documents[number]['defs'][string]

/** A property in a lexicon, with the fields that the reference shows. */
interface Property {
  type: string
  description?: string
  format?: string
  ref?: string
  refs?: string[]
  items?: Property
  default?: unknown
  minimum?: number
  maximum?: number
  maxLength?: number
  knownValues?: string[]
  enum?: string[]
}

export interface ApiParameter extends Property {
  name: string
  isRequired: boolean
}

export interface ApiMethod {
  nsid: string
  /** The NSID without its authority. */
  name: string
  kind: 'query' | 'procedure' | 'subscription'
  description: string
  parameters: ApiParameter[]
  input: ApiParameter[]
  output: ApiParameter[]
  encoding: string | undefined
  errors: { name: string; description?: string }[]
}

interface MethodDefinition {
  type: string
  description?: string
  parameters?: ObjectShape
  input?: { schema?: ObjectShape }
  output?: { encoding?: string; schema?: ObjectShape }
  errors?: { name: string; description?: string }[]
}

interface ObjectShape {
  required?: string[]
  properties?: Record<string, Property>
}

/** All methods in order of name. */
export function apiMethods(documents: Documents): ApiMethod[] {
  return documents.flatMap(({ id, defs }) => {
    const main = defs.main as MethodDefinition | undefined
    if (main?.type !== 'query' && main?.type !== 'procedure' && main?.type !== 'subscription') return []
    return [
      {
        nsid: id,
        name: id.slice(canonicalAuthority.length + 1),
        kind: main.type,
        description: main.description ?? '',
        parameters: propertiesOf(main.parameters),
        input: propertiesOf(main.input?.schema),
        output: propertiesOf(main.output?.schema),
        encoding: main.output?.encoding,
        errors: main.errors ?? [],
      },
    ]
  })
}

function propertiesOf(shape: ObjectShape | undefined): ApiParameter[] {
  const required = new Set(shape?.required)
  return Object.entries(shape?.properties ?? {}).map(([name, property]) => ({
    ...property,
    name,
    isRequired: required.has(name),
  }))
}

/** The section about a method: its parameters, output and errors. */
export function methodSection(view: View, method: ApiMethod, documents: Documents): Html {
  const { t } = view
  const own = Object.entries(documents.find(({ id }) => id === method.nsid)?.defs ?? {}).filter(
    ([name]) => name !== 'main',
  )
  return html`<h1>${method.name}</h1>
<p lang="en">${method.description}</p>
<p><code class="break">${method.kind === 'procedure' ? 'POST' : 'GET'} ${view.publicUrl}/xrpc/${method.nsid}</code></p>
${method.kind === 'query' && tryForm(view, method)}
${table(view, { title: t.api.parameters, rows: method.parameters })}
${table(view, { title: t.api.input, rows: method.input })}
${table(view, { title: t.api.output, rows: method.output, note: method.encoding })}
${own.map(([name, definition]) => table(view, { title: `#${name}`, rows: propertiesOf(shapeOf(definition)), note: (definition as Property).description }))}
${method.errors.length > 0 && html`<h2>${t.api.errors}</h2><dl class="fields" lang="en">${method.errors.map(({ name, description }) => html`<div><dt><code>${name}</code></dt><dd>${description}</dd></div>`)}</dl>`}`
}

function shapeOf(definition: Definition): ObjectShape | undefined {
  const shape = definition as ObjectShape & { record?: ObjectShape }
  return shape.record ?? shape
}

function table(
  view: View,
  { title, rows, note }: { title: string; rows: readonly ApiParameter[]; note?: string | undefined },
): Html {
  if (rows.length === 0) return nothing
  return html`<h2>${title}</h2>${note && html`<p lang="en"><small>${note}</small></p>`}<dl class="fields" lang="en">${rows.map((row) => html`<div><dt><code>${row.name}</code>${row.isRequired && html` <span class="badge note">${view.t.api.required}</span>`}</dt><dd><span class="scheme">${typeName(row)}</span> ${row.description}${known(row)}</dd></div>`)}</dl>`
}

function typeName(property: Property): string {
  if (property.type === 'array' && property.items) return `${typeName(property.items)}[]`
  if (property.type === 'ref') return property.ref?.replace(/^.*\./, '') ?? 'ref'
  if (property.type === 'union')
    return (property.refs ?? []).map((ref) => ref.replace(/^.*\./, '')).join(' | ') || 'union'
  const range = [
    property.minimum !== undefined && `≥ ${property.minimum}`,
    property.maximum !== undefined && `≤ ${property.maximum}`,
    property.default !== undefined && `= ${property.default}`,
  ]
  return [property.format ?? property.type, ...range].filter(Boolean).join(' ')
}

function known({ knownValues, enum: closed }: Property): Html {
  const values = knownValues ?? closed
  return values ? html`<br>${values.map((value, i) => html`${i > 0 && ', '}<code>${value}</code>`)}` : nothing
}

/** A form that calls the method. It works without script; with script the answer is shown on the page. */
function tryForm(view: View, method: ApiMethod): Html {
  const { t } = view
  return html`<form class="try" action="/api/${method.name}/try" method="get" data-try aria-labelledby="try"><h2 id="try">${t.api.tryIt}</h2>
${method.parameters.map((parameter) => field(parameter))}
<button type="submit">${t.api.send}</button><pre class="answer" tabindex="0" aria-live="polite" hidden></pre></form>`
}

function field(parameter: ApiParameter): Html {
  const { name, type, knownValues, isRequired, items } = parameter
  const id = `p-${name}`
  const label = html`<label for="${id}">${name}${items && ' […]'}</label>`
  const values = knownValues ?? items?.knownValues
  const required = isRequired && html` required`
  if (type === 'boolean' || (values && !items)) {
    const options = type === 'boolean' ? ['true', 'false'] : values!
    return html`<div>${label}<select id="${id}" name="${name}"${required}><option value="">–</option>${options.map((value) => html`<option>${value}</option>`)}</select></div>`
  }
  const { minimum, maximum } = parameter
  const isNumber = type === 'integer'
  return html`<div>${label}<input id="${id}" name="${name}" type="${isNumber ? 'number' : 'text'}"${isNumber && minimum !== undefined && html` min="${minimum}"`}${isNumber && maximum !== undefined && html` max="${maximum}"`}${required} autocomplete="off" spellcheck="false"></div>`
}

/** The sections about the record types, field by field. */
export function recordSections(documents: Documents): Html {
  return html`${documents.flatMap(({ id, defs }) => {
    const main = defs.main as (Property & { type: string; record?: ObjectShape }) | undefined
    if (main?.type !== 'record') return []
    return [
      html`<details class="fold"><summary><code>${id}</code></summary><p>${main.description}</p><dl class="fields">${propertiesOf(main.record).map((row) => html`<div><dt><code>${row.name}</code></dt><dd><span class="scheme">${typeName(row)}</span> ${row.description}</dd></div>`)}</dl></details>`,
    ]
  })}`
}
