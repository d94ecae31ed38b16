import { stemOf } from '../../search-terms/stems.ts'

/**
 * Words that people use for what a record calls otherwise. A record that has only the other word ranks by it for less
 * (`synonymShare`), and is found by it alone only where nobody uses the word that was typed. Words of several meanings are
 * left out: each line must hold in every field that data comes from.
 */
const groups = `
  aircraft airplane airborne plane
  animal fauna wildlife
  bacteria bacterial microbe microbial
  bird avian
  boat ship vessel
  brain neuroimaging neuroscience
  building home house housing
  business company corporate firm
  cancer carcinoma oncology tumor
  car automobile vehicle
  chest lung pulmonary thoracic
  child children kid pediatric
  city town urban
  clinical hospital patient
  coast coastal coastline shoreline
  compound drug medicine pharmaceutical
  coronavirus covid sars
  court judicial law legal
  crop agriculture cropland farm
  death died mortality
  disease illness
  dna gene genetic genome genomic
  earthquake quake seismic
  education school student
  elevation dem height terrain topography
  emission pollutant pollution
  employment job labor
  energy electricity power
  eye ophthalmology retina
  fire burn wildfire
  fish fishery
  flood inundation
  forecast prediction
  forest tree woodland
  geiger radiation radioactive radioactivity
  glacier glacial
  health medical
  heart cardiac
  highway road street
  human people person
  hurricane cyclone storm tornado typhoon
  image imagery photo photograph picture
  internet web website
  laser lidar
  map cartography mapping
  mars martian
  microscope microscopy
  moon lunar
  mouse mice murine
  movie film video
  music song
  ocean marine oceanographic sea
  plant botanical flora vegetation
  population census demographic
  precipitation rain rainfall
  protein proteomic
  radiograph xray
  river hydrology stream streamflow
  robot robotics
  skin dermatology
  snow snowfall snowpack
  speech audio spoken voice
  speed velocity
  star stellar
  sun solar
  text document
  tide tidal
  traffic transit transport transportation
  virus viral
  weather meteorological meteorology`

/** What another word for it counts for beside the word itself. */
export const synonymShare = 0.35

/** Other words for a stem, at most a handful. */
export function synonymsOf(stem: string): readonly string[] {
  return synonyms.get(stem) ?? []
}

const synonyms: ReadonlyMap<string, readonly string[]> = new Map(
  groups
    .trim()
    .split('\n')
    .map((line) => line.trim().split(' '))
    .flatMap((words) =>
      words.map((word) => [stemOf(word), words.filter((other) => stemOf(other) !== stemOf(word))] as const),
    ),
)
