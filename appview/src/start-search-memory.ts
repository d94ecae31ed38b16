import type { Logger } from 'pino'
import { Gauge, type Registry } from 'prom-client'
import type { Catalog } from './catalog/open.ts'
import {
  type MemoryIndexState,
  type RunningMemoryIndex,
  startMemoryIndex,
} from './catalog/search/memory/start-memory-index.ts'
import type { AppViewConfig } from './config.ts'

/** The index that answers searches from memory, watched over; undefined where the operator wants none. */
export async function startSearchMemory(
  catalog: Catalog,
  { searchMemoryBytes }: AppViewConfig,
  { registry, log }: { registry: Registry; log: Logger },
): Promise<RunningMemoryIndex | undefined> {
  if (searchMemoryBytes === 0) return undefined
  const memory = await startMemoryIndex({
    catalog,
    maxBytes: searchMemoryBytes,
    onState: (state) => tell(log, state),
  })
  new Gauge({
    name: 'holdfast_search_memory_bytes',
    help: 'What the search index in memory weighs; 0 while searches go to the database.',
    registers: [registry],
    collect() {
      this.set(memory.current()?.index.bytes ?? 0)
    },
  })
  return memory
}

function tell(log: Logger, state: MemoryIndexState): void {
  if (state.kind === 'read') {
    const { datasets, bytes, ms } = state
    log.info({ datasets, bytes, ms: Math.round(ms) }, 'searches are answered from memory')
  } else if (state.kind === 'too-large') {
    const { datasets, bytes } = state
    log.warn(
      { datasets, bytes },
      'searches go to the database: their index is larger than HOLDFAST_SEARCH_MEMORY',
    )
  } else log.warn({ err: state.error }, 'searches go to the database until their index can be read again')
}
