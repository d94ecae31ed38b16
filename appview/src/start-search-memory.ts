import type { Logger } from 'pino'
import { Gauge, type Registry } from 'prom-client'
import type { AppViewConfig } from './config.ts'
import {
  type MemoryIndexState,
  type RunningMemoryIndex,
  startMemoryIndex,
} from './search/memory/start-memory-index.ts'
import type { Catalog } from './store/open.ts'

/** Starts the index that answers searches from memory, and logs its state; undefined when the operator has turned it off. */
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
    help: 'Size of the search index in memory; 0 while searches are answered by the database.',
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
      'searches are answered by the database: the index is larger than HOLDFAST_SEARCH_MEMORY',
    )
  } else
    log.warn(
      { err: state.error },
      'searches are answered by the database until the index can be read into memory again',
    )
}
