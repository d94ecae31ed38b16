// Improves pages with a little script; every page works without it.
document.documentElement.classList.add('js')

document.addEventListener('click', async ({ target }) => {
  const button = target instanceof Element && target.closest('[data-copy]')
  if (!button) return
  const text = document.getElementById(button.dataset.copy)?.textContent ?? ''
  await navigator.clipboard.writeText(text)
  const before = button.textContent
  button.textContent = button.dataset.copied
  setTimeout(() => {
    button.textContent = before
  }, 2000)
})

for (const select of document.querySelectorAll('select[data-submit]')) {
  select.addEventListener('change', () => select.form.requestSubmit())
}

for (const input of document.querySelectorAll('input[data-typeahead]')) typeaheadFor(input)

/** Completions below a search box (ARIA combobox pattern), and results as one types on the search page. */
function typeaheadFor(input) {
  const list = document.createElement('ul')
  list.className = 'suggestions'
  list.id = `${input.id}-suggestions`
  list.setAttribute('role', 'listbox')
  list.setAttribute('aria-label', input.labels[0]?.textContent ?? '')
  list.hidden = true
  input.after(list)
  for (const [name, value] of [
    ['role', 'combobox'],
    ['aria-autocomplete', 'list'],
    ['aria-controls', list.id],
    ['aria-expanded', 'false'],
  ])
    input.setAttribute(name, value)

  let chosen = -1
  let asked = 0
  let timer

  function show(items) {
    chosen = -1
    list.replaceChildren(
      ...items.map(({ text, kind, href }, i) => {
        const item = document.createElement('li')
        item.id = `${list.id}-${i}`
        item.setAttribute('role', 'option')
        item.dataset.href = href
        const name = document.createElement('bdi')
        name.textContent = text
        const sort = document.createElement('small')
        sort.textContent = kind
        item.append(name, sort)
        return item
      }),
    )
    list.hidden = items.length === 0
    input.setAttribute('aria-expanded', String(items.length > 0))
    input.removeAttribute('aria-activedescendant')
  }

  function choose(index) {
    const items = [...list.children]
    if (items.length === 0) return
    chosen =
      (index + items.length + 1) % (items.length + 1) === items.length
        ? -1
        : (index + items.length) % items.length
    for (const [i, item] of items.entries()) item.setAttribute('aria-selected', String(i === chosen))
    if (chosen < 0) input.removeAttribute('aria-activedescendant')
    else input.setAttribute('aria-activedescendant', items[chosen].id)
  }

  /** Adds the language that the reader chose. */
  function go(item) {
    const url = new URL(item.dataset.href, location.href)
    const lang = new URLSearchParams(location.search).get('lang')
    if (lang) url.searchParams.set('lang', lang)
    location.assign(url)
  }

  async function ask() {
    const turn = ++asked
    const q = input.value.trim()
    if (q.length < 2) return show([])
    const response = await fetch(
      `/typeahead?${new URLSearchParams({ q, lang: document.documentElement.lang })}`,
    ).catch(() => undefined)
    if (turn === asked && response?.ok) show(await response.json())
  }

  input.addEventListener('input', () => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      ask()
      refreshResults(input.form)
    }, 150)
  })
  input.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown') choose(chosen + 1)
    else if (event.key === 'ArrowUp') choose(chosen < 0 ? list.children.length - 1 : chosen - 1)
    else if (event.key === 'Escape') show([])
    else if (event.key === 'Enter' && chosen >= 0) go(list.children[chosen])
    else return
    if (event.key !== 'Escape') event.preventDefault()
  })
  list.addEventListener('pointerdown', (event) => {
    const item = event.target.closest('li')
    event.preventDefault()
    if (item) go(item)
  })
  input.addEventListener('blur', () => show([]))
}

let resultTurn = 0

/** Fetches the page to which submitting would lead, and shows its results. */
async function refreshResults(form) {
  const results = document.getElementById('results')
  if (!results || !form) return
  const turn = ++resultTurn
  const url = `${form.getAttribute('action')}?${new URLSearchParams(new FormData(form))}`
  const response = await fetch(url, { headers: { accept: 'text/html' } }).catch(() => undefined)
  // An identifier leads to another page, which the reader must open.
  if (turn !== resultTurn || !response?.ok || response.redirected) return
  const found = new DOMParser().parseFromString(await response.text(), 'text/html').getElementById('results')
  if (!found || turn !== resultTurn) return
  results.replaceChildren(...found.childNodes)
  history.replaceState(null, '', url)
}
