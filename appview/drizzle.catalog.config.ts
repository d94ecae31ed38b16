// For drizzle-kit, which stands apart in tools/.
export default {
  dialect: 'postgresql',
  schema: './src/store/schema/catalog/*.ts',
  out: './src/store/migrations/catalog',
}
