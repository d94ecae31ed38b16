/** Every generated schema and type of our lexicons, under its short name: `dataset`, `defs`, `searchDatasets`, … */
export * from './generated/org/holdfast.ts'
