import type { AttackedIndex } from './attacked-index.ts'

/**
 * Prepares what an attacker does, which may keep this process busy for seconds, and returns a function that launches
 * it. The function resolves when everything has been sent; the effects may go on.
 */
export type Attack = (index: AttackedIndex) => Promise<() => Promise<void>>
