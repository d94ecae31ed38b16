import { expect, test } from 'vitest'
import { allDocuments } from './documents.ts'
import { adminMethods, methods } from './nsid.ts'
import { openApiOf } from './openapi.ts'

const operators: readonly string[] = Object.values(adminMethods)
const api = openApiOf(allDocuments(), {
  title: 'An index',
  version: '1.0.0',
  serverUrl: 'https://index.example.org',
  isOperators: (nsid) => operators.includes(nsid),
}) as {
  paths: Record<string, Record<string, { operationId: string; security?: unknown; parameters: Parameter[] }>>
  components: { schemas: Record<string, { properties?: Record<string, object>; required?: string[] }> }
}
interface Parameter {
  name: string
  required: boolean
  schema: object
}

test('every method over HTTP is described, the operator’s with their token', () => {
  const described = Object.values(api.paths).flatMap((path) => Object.values(path))
  const overHttp = Object.values(methods).filter((nsid) => !/\.subscribe/.test(nsid))
  expect(described.map(({ operationId }) => operationId).sort()).toEqual([...overHttp].sort())
  const secured = described.filter(({ security }) => security).map(({ operationId }) => operationId)
  expect(secured.sort()).toEqual([...operators].sort())
})

test('every reference leads to a schema of the same document', () => {
  const references = [...JSON.stringify(api).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)]
  expect(references.length).toBeGreaterThan(50)
  const missing = references.map(([, name]) => name!).filter((name) => !(name in api.components.schemas))
  expect(missing).toEqual([])
})

test('parameters keep their limits, defaults and descriptions', () => {
  const { parameters } = api.paths[`/xrpc/${methods.searchDatasets}`]!.get!
  expect(parameters.find(({ name }) => name === 'limit')).toEqual({
    name: 'limit',
    in: 'query',
    description: expect.any(String),
    required: false,
    schema: {
      type: 'integer',
      minimum: 1,
      maximum: expect.any(Number),
      default: expect.any(Number),
      description: expect.any(String),
    },
  })
})

test('a record names its type', () => {
  const [dataset] = Object.entries(api.components.schemas).filter(([name]) => name.endsWith('.dataset'))
  expect(dataset![1].required).toEqual(expect.arrayContaining(['$type', 'title', 'createdAt']))
  expect(dataset![1].properties?.$type).toEqual({ const: dataset![0] })
})
