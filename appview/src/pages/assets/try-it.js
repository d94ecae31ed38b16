// Shows the answer of an API method below its form, instead of leaving the page.
for (const form of document.querySelectorAll('form[data-try]')) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    const answer = form.querySelector('.answer')
    const url = `${form.getAttribute('action')}?${new URLSearchParams(new FormData(form))}`
    answer.hidden = false
    answer.textContent = '…'
    try {
      const response = await fetch(url)
      const type = response.headers.get('content-type') ?? ''
      const body = type.includes('json')
        ? JSON.stringify(await response.json(), null, 2)
        : `${type}, ${(await response.arrayBuffer()).byteLength} bytes`
      answer.textContent = `GET ${response.url}\n${response.status}\n\n${body.length > 200_000 ? `${body.slice(0, 200_000)}…` : body}`
    } catch (error) {
      answer.textContent = String(error)
    }
  })
}
