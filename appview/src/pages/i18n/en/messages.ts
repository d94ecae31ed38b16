/** Every text of the pages in English: what there is here, every other language has. */
import { dataEn } from './data.ts'
import { pagesEn } from './pages.ts'
import { proseEn } from './prose.ts'
import { publishEn } from './publish.ts'
import { reasonsEn } from './reasons.ts'
import { siteEn } from './site.ts'
import { termsEn } from './terms.ts'

export const en = {
  ...siteEn,
  ...dataEn,
  ...pagesEn,
  ...publishEn,
  ...termsEn,
  ...reasonsEn,
  prose: proseEn,
}
