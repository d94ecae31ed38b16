// Runs before the page is drawn: whoever was signed in here last time has room kept for what signing in shows.
try {
  if (localStorage.getItem('holdfast:signed-in')) document.documentElement.classList.add('signed-in-before')
} catch {
  // Where nothing may be kept, the page moves a little.
}
