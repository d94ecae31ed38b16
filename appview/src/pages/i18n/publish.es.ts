/** The words of the pages of somebody who publishes, in Spanish. */
import type { publishEn } from './publish.en.ts'

export const publishEs: typeof publishEn = {
  publish: {
    lead: 'Lo que publica se escribe en su propio repositorio, desde esta página directamente a su propio servidor. Este sitio no guarda ninguna cuenta suya.',
    editTitle: 'Cambiar un conjunto de datos',
    publish: 'Publicar',
    needsScript:
      'Publicar desde el navegador necesita JavaScript: la propia página inicia sesión en su servidor. Sin él, use la línea de órdenes, como se explica abajo.',
    signIn: 'Iniciar sesión',
    signInText:
      'Con cualquier cuenta del Protocolo AT, como una de Bluesky. Irá a su propio servidor, que le preguntará si esta página puede escribir conjuntos de datos por usted.',
    handle: 'Nombre de cuenta, DID o dirección de su servidor',
    signedInAs: 'Sesión iniciada como',
    signOut: 'Cerrar sesión',
    signingIn: 'Iniciando sesión',
    moment: 'Un momento…',
    myRecords: 'Mis registros',
    myRecordsText: 'Todo lo suyo que lee un archivo como este, con lo que este índice ha hecho de ello.',
    webSeedText:
      'Un servidor web que tiene los archivos los mantiene al alcance cuando no hay nadie más. Este índice comprueba que sus bytes son correctos antes de difundir la dirección.',
    infoHash: 'Infohash',
    address: 'Dirección de los archivos',
    addressHint: 'De la carpeta que contiene la del torrent, terminada en barra, o del archivo único.',
    note: 'Nota',
    form: {
      title: 'Título',
      markdown: 'Markdown.',
      onePerLine: 'Uno por línea.',
      sources: 'Dónde se obtienen o se obtenían los datos, una dirección por línea.',
      license: 'Un nombre SPDX como CC-BY-4.0, o la dirección de las condiciones.',
      keywords: 'Separadas por comas.',
      edtf: 'Como 2011, 2011-06 o 2011-06-30.',
      version: 'Versión',
      riskReason: 'Por qué',
      expectedGone: 'La fuente desaparecerá',
      torrent: 'Un .torrent de los archivos',
      torrentHint:
        'Elíjalo o suéltelo en cualquier parte del formulario. Primero se lee aquí; solo se envía el .torrent, no los archivos.',
    },
  },
  download: {
    title: 'Sin cliente',
    text: 'Este navegador puede traer los archivos de un servidor web comprobado, y comprueba él mismo cada pieza. Así no pasa nada a otros: le ayuda a usted, no al enjambre.',
    button: 'Descargar en el navegador',
    done: 'Cada pieza se comprobó y es correcta.',
    failed: 'Eso no funcionó.',
    tooLarge:
      'Este navegador no puede escribir en una carpeta, y los archivos son demasiado grandes para la memoria. Use un cliente de BitTorrent.',
    save: 'Guardar',
    progress: 'Progreso de la descarga',
  },
  browser: {
    leaving: 'Preguntando a su servidor…',
    noSignIn: 'Eso no llevó a ninguna cuenta: {}',
    signInHint: 'Revise cómo está escrito, o dé la dirección de su servidor.',
    writing: 'Escribiendo en su repositorio…',
    written: 'Está en su repositorio.',
    seeStatus: 'Vea qué ha hecho este índice',
    failed: 'Eso no funcionó: {}',
    badTorrent: 'Esto no es un torrent que se pueda publicar: {}',
    name: 'Nombre',
    files: 'Archivos',
    bytes: 'Bytes',
    edit: 'Cambiar',
    delete: 'Borrar',
    reallyDelete: '¿Borrar de verdad?',
    deleted: 'Borrado: {}',
    noRecords: 'Aún nada.',
    noStatus: 'Este índice no respondió.',
  },
}
