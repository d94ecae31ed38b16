// Runs before the page is drawn. For a person who was signed in last time, it reserves space for the parts that signing in shows.
try {
  if (localStorage.getItem('holdfast:signed-in')) document.documentElement.classList.add('signed-in-before')
} catch {
  // Without storage the content of the page only moves a little.
}
