import { defineConfig } from 'drizzle-kit'

export default defineConfig({
  dialect: 'postgresql',
  schema: './src/catalog/schema/local.ts',
  out: './src/catalog/migrations/local',
})
