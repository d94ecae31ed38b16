import type { describeServer as schema } from '@holdfast/lexicons'
import type { Answer } from '../serve.ts'

export type ServerDescription = schema.$OutputBody

/** Answers with the server's version, admission policy, contact, sources, trackers and limits. */
export function describeServer(describe: () => Promise<ServerDescription>): Answer<typeof schema.main> {
  return () => describe()
}
