// For drizzle-kit, which stands apart in tools/.
export default {
  dialect: 'postgresql',
  schema: './src/store/schema/local.ts',
  out: './src/store/migrations/local',
}
