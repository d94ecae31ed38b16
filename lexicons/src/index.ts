/** Every generated schema and type of ours, under its short name: `dataset`, `defs`, `searchDatasets`, … */
export * from './generated/org/holdfast.ts'
