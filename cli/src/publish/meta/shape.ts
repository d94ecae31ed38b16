import type { LexiconDoc, LexUserType } from '@atproto/lexicon'
import { lexiconDocuments } from '@holdfast/lexicons/documents'
import { collections } from '@holdfast/lexicons/nsid'

/** What a field of a record may contain, according to its lexicon. */
export type Shape = ObjectShape | ListShape | TextShape | { readonly kind: 'integer' | 'any' }

export interface ObjectShape {
  readonly kind: 'object'
  /** Its name in the lexicon, such as `agent`. */
  readonly name: string
  readonly fields: ReadonlyMap<string, Field>
  readonly required: readonly string[]
}

export interface ListShape {
  readonly kind: 'list'
  readonly of: Shape
  readonly maxLength: number
}

export interface TextShape {
  readonly kind: 'text'
  readonly format: string | undefined
  readonly isDate: boolean
  readonly knownValues: readonly string[]
  /** The limit in bytes of UTF-8. */
  readonly maxLength: number
}

export interface Field {
  readonly shape: Shape
  readonly description: string
}

/** The fields of a dataset record, including nested ones. */
export function datasetShape(): ObjectShape {
  const documents = new Map(lexiconDocuments().map((document) => [document.id, document]))
  const main = documents.get(collections.dataset)!.defs.main as unknown as { record: Definition }
  return shapeOf(main.record, { documents, name: 'dataset' }) as ObjectShape
}

/** The part of a lexicon definition that a shape needs. */
interface Definition {
  readonly type: LexUserType['type'] | 'ref' | 'union' | 'array' | 'string' | 'integer'
  readonly ref?: string
  readonly items?: Definition
  readonly properties?: Record<string, Definition>
  readonly required?: readonly string[]
  readonly format?: string
  readonly knownValues?: readonly string[]
  readonly maxLength?: number
  readonly description?: string
}

interface Within {
  readonly documents: ReadonlyMap<string, LexiconDoc>
  readonly name: string
}

function shapeOf(definition: Definition, within: Within): Shape {
  const { type, maxLength = Number.POSITIVE_INFINITY } = definition
  if (type === 'ref') {
    const [id = '', name = 'main'] = definition.ref!.split('#')
    const target = within.documents.get(id)?.defs[name]
    return target ? shapeOf(target as Definition, { ...within, name }) : { kind: 'any' }
  }
  if (type === 'array') return { kind: 'list', of: shapeOf(definition.items!, within), maxLength }
  if (type === 'integer') return { kind: 'integer' }
  if (type === 'string') return textOf(definition, maxLength)
  if (type !== 'object') return { kind: 'any' }
  const fields = Object.entries(definition.properties ?? {}).map(([name, field]): [string, Field] => [
    name,
    { shape: shapeOf(field, within), description: field.description ?? aboutOf(field, within) },
  ])
  return { kind: 'object', name: within.name, fields: new Map(fields), required: definition.required ?? [] }
}

function aboutOf({ ref }: Definition, { documents }: Within): string {
  const [id = '', name = 'main'] = ref?.split('#') ?? []
  return (documents.get(id)?.defs[name] as Definition | undefined)?.description ?? ''
}

function textOf({ format, knownValues = [], description = '' }: Definition, maxLength: number): TextShape {
  return { kind: 'text', format, isDate: description.includes('EDTF'), knownValues, maxLength }
}
