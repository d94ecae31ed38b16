import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{lexicons,torrent,appview,tracker,cli,test,scripts}/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
})
