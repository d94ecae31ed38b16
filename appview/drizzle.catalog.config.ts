import { defineConfig } from 'drizzle-kit'

export default defineConfig({
  dialect: 'postgresql',
  schema: './src/catalog/schema/catalog/*.ts',
  out: './src/catalog/migrations/catalog',
})
