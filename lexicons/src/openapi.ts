/**
 * Describes the methods of lexicons in OpenAPI 3.1, for programs and tools that know nothing of the AT Protocol. What OpenAPI
 * cannot say is said in words: subscriptions, and limits in graphemes.
 */
import type {
  LexArray,
  LexIpldType,
  LexiconDoc,
  LexObject,
  LexPrimitive,
  LexRefVariant,
  LexUserType,
  LexXrpcBody,
  LexXrpcProcedure,
  LexXrpcQuery,
} from '@atproto/lexicon'

type Schema = Readonly<Record<string, unknown>>
type Value = LexPrimitive | LexArray | LexIpldType | LexRefVariant | LexUserType

export interface ApiDescription {
  readonly title: string
  readonly version: string
  /** Where the methods are served, without a trailing slash. */
  readonly serverUrl: string
  /** Whether a method needs the operator's token. */
  isOperators(nsid: string): boolean
}

/** Makes the OpenAPI document of all queries and procedures in `documents`, with every definition that they refer to. */
export function openApiOf(documents: readonly LexiconDoc[], about: ApiDescription): object {
  const methods = documents.flatMap((document) => {
    const { main } = document.defs
    return main?.type === 'query' || main?.type === 'procedure' ? [{ nsid: document.id, main }] : []
  })
  const schemas = documents.flatMap(({ id, defs }) =>
    Object.entries(defs).flatMap(([name, def]) => {
      const schema = definition(def, id)
      return schema ? [[componentName(id, name), schema] as const] : []
    }),
  )
  return {
    openapi: '3.1.0',
    info: {
      title: about.title,
      version: about.version,
      description:
        'XRPC methods as plain HTTP: queries are GET, procedures are POST. Made from the lexicons, which say more. The live streams (subscribe…) are WebSockets and are not described here.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: about.serverUrl }],
    paths: Object.fromEntries(
      methods.map(({ nsid, main }) => [
        `/xrpc/${nsid}`,
        { [main.type === 'query' ? 'get' : 'post']: operation(nsid, main, about.isOperators(nsid)) },
      ]),
    ),
    components: {
      schemas: { ...Object.fromEntries(schemas), XrpcError: errorSchema() },
      securitySchemes: {
        operator: { type: 'http', scheme: 'bearer', description: 'The token of the server’s operator.' },
      },
    },
  }
}

function operation(nsid: string, main: LexXrpcQuery | LexXrpcProcedure, isOperators: boolean): object {
  const errors = (main.errors ?? []).map(({ name }) => name)
  const required = main.parameters?.required ?? []
  return {
    operationId: nsid,
    tags: [isOperators ? 'operator' : 'public'],
    ...(main.description && { description: main.description }),
    parameters: Object.entries(main.parameters?.properties ?? {}).map(([name, value]) => ({
      name,
      in: 'query',
      ...(value.description && { description: value.description }),
      required: required.includes(name),
      schema: toSchema(value, nsid),
    })),
    ...('input' in main &&
      main.input && { requestBody: { required: true, content: content(main.input, nsid) } }),
    responses: {
      200: {
        description: main.output?.description ?? 'The answer.',
        ...(main.output && { content: content(main.output, nsid) }),
      },
      default: {
        description: `An error; its name is in the field "error"${errors.length > 0 ? `: ${errors.join(', ')}` : ''}.`,
        content: { 'application/json': { schema: { $ref: '#/components/schemas/XrpcError' } } },
      },
    },
    ...(isOperators && { security: [{ operator: [] }] }),
  }
}

function content({ encoding, schema }: LexXrpcBody, nsid: string): object {
  return { [encoding]: schema ? { schema: toSchema(schema, nsid) } : {} }
}

/** The schema of a definition that others may refer to; undefined for methods and permissions. */
function definition(def: LexUserType, nsid: string): Schema | undefined {
  if (def.type === 'record') return { ...described(def), ...object(def.record, nsid, nsid) }
  const isMethod = def.type === 'query' || def.type === 'procedure' || def.type === 'subscription'
  return isMethod || (def.type as string) === 'permission-set' ? undefined : toSchema(def, nsid)
}

function toSchema(value: Value, nsid: string): Schema {
  return { ...described(value), ...shape(value, nsid) }
}

function described({ description }: { description?: string | undefined }): Schema {
  return description === undefined ? {} : { description }
}

function shape(value: Value, nsid: string): Schema {
  switch (value.type) {
    case 'string':
      return {
        type: 'string',
        ...(value.format && { format: formats[value.format] ?? value.format }),
        // A limit in bytes is one in characters, too, though a looser one.
        ...picked(value, 'minLength', 'maxLength', 'enum', 'const', 'default'),
        ...(value.knownValues && { examples: value.knownValues }),
      }
    case 'integer':
      return { type: 'integer', ...picked(value, 'minimum', 'maximum', 'enum', 'const', 'default') }
    case 'boolean':
      return { type: 'boolean', ...picked(value, 'const', 'default') }
    case 'array':
      return {
        type: 'array',
        items: toSchema(value.items as Value, nsid),
        ...(value.minLength !== undefined && { minItems: value.minLength }),
        ...(value.maxLength !== undefined && { maxItems: value.maxLength }),
      }
    case 'object':
      return object(value, nsid)
    case 'ref':
      return { $ref: refTo(value.ref, nsid) }
    case 'union':
      return { anyOf: value.refs.map((ref) => ({ $ref: refTo(ref, nsid) })) }
    case 'bytes':
      return wrapper('$bytes', { type: 'string', contentEncoding: 'base64' })
    case 'cid-link':
      return wrapper('$link', { type: 'string' })
    case 'blob':
      return {
        type: 'object',
        required: ['$type', 'ref', 'mimeType', 'size'],
        properties: {
          $type: { const: 'blob' },
          ref: wrapper('$link', { type: 'string' }),
          mimeType: { type: 'string', ...(value.accept && { examples: value.accept }) },
          size: { type: 'integer', ...(value.maxSize && { maximum: value.maxSize }) },
        },
      }
    case 'token':
      return { const: nsid }
    default:
      return { type: 'object' }
  }
}

/** `type` is the NSID that a record names as its `$type`. */
function object({ properties, required, nullable }: LexObject, nsid: string, type?: string): Schema {
  const fields = Object.entries(properties).map(([name, value]) => {
    const schema = toSchema(value as Value, nsid)
    return [name, nullable?.includes(name) ? { anyOf: [schema, { type: 'null' }] } : schema]
  })
  return {
    type: 'object',
    ...((required?.length || type) && { required: [...(type ? ['$type'] : []), ...(required ?? [])] }),
    properties: { ...(type && { $type: { const: type } }), ...Object.fromEntries(fields) },
  }
}

function wrapper(name: string, schema: Schema): Schema {
  return { type: 'object', required: [name], properties: { [name]: schema } }
}

function errorSchema(): Schema {
  return {
    type: 'object',
    required: ['error'],
    properties: { error: { type: 'string' }, message: { type: 'string' } },
  }
}

/** `#name` is in the same document; an NSID alone is its main definition. */
function refTo(ref: string, nsid: string): string {
  const [id = '', name = 'main'] = ref.startsWith('#') ? [nsid, ref.slice(1)] : ref.split('#')
  return `#/components/schemas/${componentName(id, name)}`
}

function componentName(nsid: string, name: string): string {
  return name === 'main' ? nsid : `${nsid}.${name}`
}

/** Formats that OpenAPI calls otherwise; the rest keep the names of the Lexicon specification. */
const formats: Readonly<Record<string, string>> = { datetime: 'date-time' }

function picked<Key extends string>(value: object, ...keys: Key[]): Schema {
  const all = value as Record<string, unknown>
  return Object.fromEntries(keys.flatMap((key) => (all[key] === undefined ? [] : [[key, all[key]]])))
}
