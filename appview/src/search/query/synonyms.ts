import { stemOf } from '../../search-terms/stems.ts'

/**
 * Words that people type for what a record names differently, one group a line. A synonym adds less to the rank of a record
 * than the word itself (`synonymShare`), and finds records by itself only if no record has the word that was typed. Words
 * with several meanings are left out: a group must be right in every field of science.
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

/** The weight of a synonym, as a share of its own weight as a word. */
export const synonymShare = 0.35

/** The synonyms of a stem; a few at most. */
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
