import { type Fields, filled, type RecordForm } from './fields.ts'

const shown = ['displayName', 'kind', 'description', 'url', 'contact'] as const

/** The form of a profile; its picture is attached separately. */
export const profileForm: RecordForm = {
  toFields: (value) => Object.fromEntries(shown.map((name) => [name, String(value[name] ?? '')])),
  toRecord: (fields: Fields, before) =>
    filled(Object.fromEntries(shown.map((name) => [name, (fields[name] ?? '').trim()])), before),
  fieldOf: (path) => shown.find((name) => name === path.split('/')[0]),
}
