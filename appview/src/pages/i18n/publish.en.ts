/** The words of the pages of somebody who publishes. */
export const publishEn = {
  publish: {
    lead: 'What you publish is written into your own repository, from this page straight to your own server. This site keeps no account of yours.',
    editTitle: 'Change a dataset',
    publish: 'Publish',
    needsScript:
      'Publishing from the browser needs JavaScript: the page itself signs in at your server. Without it, use the command line, as told below.',
    signIn: 'Sign in',
    signInText:
      'With any AT Protocol account, such as one at Bluesky. You will be sent to your own server, which asks whether this page may write datasets for you.',
    handle: 'Handle, DID or address of your server',
    signedInAs: 'Signed in as',
    signOut: 'Sign out',
    signingIn: 'Signing in',
    moment: 'One moment…',
    myRecords: 'My records',
    myRecordsText: 'Everything of yours that an archive like this reads, with what this index makes of it.',
    webSeedText:
      'A web server that has the files keeps them reachable when nobody else is there. This index checks that its bytes are right before it passes the address on.',
    infoHash: 'Infohash',
    address: 'Address of the files',
    addressHint:
      'Of the folder that holds the torrent’s own folder, ending with a slash, or of the single file.',
    note: 'Note',
    form: {
      title: 'Title',
      markdown: 'Markdown.',
      onePerLine: 'One a line.',
      sources: 'Where the data is or was to be had, one address a line.',
      license: 'An SPDX name such as CC-BY-4.0, or the address of the terms.',
      keywords: 'Separated by commas.',
      edtf: 'Such as 2011, 2011-06 or 2011-06-30.',
      version: 'Version',
      riskReason: 'Why',
      expectedGone: 'Source expected to go',
      torrent: 'A .torrent of the files',
      torrentHint:
        'Choose it, or drop it anywhere on the form. It is read here first; only the .torrent is sent, not the files.',
    },
  },
  download: {
    title: 'Without a client',
    text: 'This browser can fetch the files from a web server that was checked, and checks every piece itself. You pass nothing on to others this way, so it helps you and not the swarm.',
    button: 'Download in the browser',
    done: 'Every piece was checked and is right.',
    failed: 'That did not work.',
    tooLarge:
      'This browser cannot write to a folder, and the files are too large to hold in memory. Use a BitTorrent client.',
    save: 'Save',
    progress: 'Progress of the download',
  },
  /** Said by scripts; `{}` is filled in. */
  browser: {
    leaving: 'Asking your server…',
    noSignIn: 'That did not lead to an account: {}',
    signInHint: 'Check the spelling, or give the address of your server.',
    writing: 'Writing into your repository…',
    written: 'It is in your repository.',
    seeStatus: 'See what this index makes of it',
    failed: 'That did not work: {}',
    badTorrent: 'This is no torrent that can be published: {}',
    name: 'Name',
    files: 'Files',
    bytes: 'Bytes',
    edit: 'Change',
    delete: 'Delete',
    reallyDelete: 'Really delete?',
    deleted: 'Deleted: {}',
    noRecords: 'Nothing yet.',
    noStatus: 'This index did not answer.',
  },
}
