import { exampleOf } from './read-meta.ts'
import { datasetShape, type Shape } from './shape.ts'

/** Fields that the command writes itself, or that people rarely state. */
const leftOut = new Set(['createdAt', 'descriptionBlob', 'adoptedFrom', 'labels'])

/** A metadata file with every field of a dataset, each with an explanation. All fields except the title are commented out. */
export function metaTemplate({ title }: { title: string | undefined }): string {
  const fields = [...datasetShape().fields].filter(([name]) => !leftOut.has(name))
  const parts = fields.map(([name, { shape, description }]) => {
    const value = name === 'title' ? `title: ${JSON.stringify(title ?? '')}` : `#${exampleOf(name, shape)}`
    const about = [description, valuesOf(shape)].filter(Boolean).flatMap((text) => folded(text))
    return [...about.map((line) => `# ${line}`), value].join('\n')
  })
  return `${opening}\n\n${parts.join('\n\n')}\n`
}

const opening = `# A dataset, for: holdfast publish FILES --dataset THIS-FILE
# Remove the # before the fields that you know; only the title is required. Short forms are accepted:
# license: CC0-1.0, creators: [Ana Pérez], keywords: [rivers, water levels], identifiers: [doi:10.1234/rhine]

# The record key, the last part of the record's address. By default it is made from the identifier or the title.
#rkey: water-levels`

/** The values that the parts of a field may have, if the lexicon lists values. */
function valuesOf(shape: Shape): string {
  if (shape.kind === 'list') return valuesOf(shape.of)
  if (shape.kind !== 'object') return ''
  return [...shape.fields]
    .flatMap(([name, { shape: part }]) =>
      part.kind === 'text' && part.knownValues.length > 0 && part.knownValues.length < 20
        ? [`${name}: ${part.knownValues.join(', ')}.`]
        : [],
    )
    .join(' ')
}

function folded(text: string, width = 100): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + word.length < width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}
