/** The words of every page, of the first page and of the search, in Spanish. */

import type { siteEn } from '../en/site.ts'
import { formatFor } from '../format.ts'

const { number } = formatFor('es')

export const siteEs: typeof siteEn = {
  site: {
    tagline: 'datos públicos que sobreviven a su fuente',
    skip: 'Ir al contenido',
    mainNavigation: 'Principal',
    moreNavigation: 'Más',
    languages: 'Idiomas',
    pages: 'Páginas',
    firstPage: 'Volver a la primera página',
    previousPage: 'Página anterior',
    nextPage: 'Página siguiente',
    promise: 'Sin cookies, sin analítica, nada cargado de otro sitio.',
    andMore: (n) => `y ${number(n)} más`,
  },
  nav: {
    browse: 'Explorar',
    needs: 'Necesita ayuda',
    publish: 'Publicar',
    help: 'Cómo ayudar',
    about: 'Sobre este sitio',
    feeds: 'Canales',
    api: 'API',
    status: 'Estado del índice',
    policy: 'Normas y contacto',
  },
  home: {
    title: 'Datos públicos, conservados entre muchos',
    breath:
      'Conjuntos de datos que pueden desaparecer, descritos por quienes los salvan y compartidos entre sus ordenadores, para que nadie pueda apagarlos.',
    newest: 'Lo más nuevo',
    allNewest: 'Todo, lo más nuevo primero',
    nothingYet: 'Aquí aún no hay nada.',
    beFirst: 'Publique el primer conjunto de datos',
    helpNow: 'Necesita ayuda ahora',
    allNeeds: 'Todo lo que necesita ayuda',
    howTitle: 'Cómo funciona',
    how: [
      {
        title: 'Alguien describe un conjunto de datos',
        text: 'en su propio repositorio del Protocolo AT, firmado y suyo para siempre.',
      },
      {
        title: 'Los archivos se vuelven un torrent.',
        text: 'Quien lo tiene puede pasarlo, y cada pieza se comprueba.',
      },
      {
        title: 'Cada persona que se queda lo mantiene vivo.',
        text: 'Si este sitio desaparece, las descripciones y los archivos siguen ahí, y otro índice puede mostrarlos.',
      },
    ],
    howLink: 'Cómo ayudar, desde cero',
    newHere: '¿Es su primera vez? Cómo funciona',
  },
  totals: {
    label: 'Totales',
    datasets: { one: 'conjunto descrito', other: 'conjuntos descritos' },
    size: 'compartidos',
    torrents: { one: 'torrent verificado', other: 'torrents verificados' },
    seeders: { one: 'copia conservada ahora', other: 'copias conservadas ahora' },
    authors: { one: 'persona o institución', other: 'personas e instituciones' },
  },
  search: {
    title: 'Buscar',
    titleFor: (q) => `${q}: búsqueda`,
    label: 'Buscar conjuntos de datos',
    placeholder: 'Palabras, un DOI, un infohash…',
    button: 'Buscar',
    filters: 'Filtros',
    active: 'Filtros en uso',
    apply: 'Aplicar',
    sort: 'Ordenar por',
    takeBack: '(quitar)',
    nothing: 'No se encontró nada.',
    noneOfThese: {
      keyword: 'Ningún conjunto de aquí tiene esta palabra clave.',
      publisher: 'Ningún conjunto de aquí nombra a este editor.',
    },
    advice: {
      words: 'Pruebe con menos palabras o más generales.',
      filter: 'Quite un filtro.',
      identifier: 'Un DOI, un infohash o un nombre de cuenta lleva directo a lo que nombra.',
    },
    searchFor: (words: string) => `Buscar «${words}» en su lugar`,
    describeIt: '¿Conoce estos datos? Descríbalos usted.',
    about: (results) => `Unos ${results}`,
    results: { one: '# resultado', other: '# resultados' },
    corrected: (query) =>
      `No todas las palabras que escribió aparecen aquí; estos son resultados de «${query}».`,
    withTorrent: 'Con torrent',
    withoutTorrent: 'Sin torrent',
    howTo: 'Cómo buscar',
    narrow: 'Afinar la búsqueda',
    feed: 'Canal',
    operators: [
      { example: '"sea ice"', meaning: 'estas palabras juntas' },
      { example: 'ice -model', meaning: 'sin una palabra' },
      { example: 'title:glacier', meaning: 'en el título' },
      { example: 'publisher:noaa', meaning: 'de un editor' },
      { example: 'risk:endangered', meaning: 'según su peligro' },
      { example: 'format:netcdf', meaning: 'según el formato de sus archivos' },
    ],
  },
  errors: {
    page: {
      title: 'Aquí no hay nada',
      text: 'La dirección es errónea, o lo que había se ha movido. Búsquelo:',
    },
    dataset: {
      title: 'Este conjunto de datos no está aquí',
      text: 'Se borró, no se ha admitido o este índice nunca lo vio. Su autor puede consultar su estado.',
    },
    torrent: { title: 'Este torrent no está aquí', text: 'Ningún registro visible nombra este infohash.' },
    account: {
      title: 'Esta cuenta no está aquí',
      text: 'Este índice no muestra ningún registro de esta cuenta.',
    },
    request: {
      title: 'Esta petición no se puede responder',
      text: 'Este servidor no entiende una parte de la dirección.',
    },
    fault: {
      title: 'Algo ha fallado aquí',
      text: 'Es culpa nuestra y ha quedado anotado. Vuelva a intentarlo en un momento.',
    },
    home: 'Ir a la página de inicio',
  },
}
