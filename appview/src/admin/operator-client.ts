import { adminMethods, type MethodName, methods } from '@holdfast/lexicons/nsid'
import { OperatorError } from '@holdfast/runtime/operator-error'

/** Calls the running AppView as its operator. */
export interface OperatorClient {
  query<Body>(
    method: MethodName,
    params?: Readonly<Record<string, string | number | undefined>>,
  ): Promise<Body>
  call<Body>(method: MethodName, body: object): Promise<Body>
  /** A query whose answer is a file. It may take as long as it needs. @throws OperatorError when no AppView answers */
  download(method: MethodName): Promise<ReadableStream<Uint8Array>>
}

/** Calls the AppView at a URL with its operator's token. */
export function operatorClient({ url, token }: { url: string; token: string }): OperatorClient {
  const ask = <Body>(method: MethodName, query: string, init: RequestInit = {}) => {
    // Other methods would take this bearer token for a service token.
    const authorization = Object.hasOwn(adminMethods, method) ? { authorization: `Bearer ${token}` } : {}
    const target = new URL(`/xrpc/${methods[method]}${query}`, url)
    const signal = AbortSignal.timeout(answerMs)
    const headers = { ...init.headers, ...authorization }
    return answer<Body>(url, fetch(target, { ...init, headers, signal }))
  }
  return {
    query(method, params = {}) {
      const query = new URLSearchParams()
      for (const [name, value] of Object.entries(params))
        if (value !== undefined) query.set(name, String(value))
      return ask(method, `?${query}`)
    },
    async download(method) {
      const headers = { authorization: `Bearer ${token}` }
      const response = await fetch(new URL(`/xrpc/${methods[method]}`, url), { headers }).catch(
        async (cause) => {
          throw new OperatorError(await whatIsWrong(url), { cause })
        },
      )
      if (!response.ok || response.body === null) return answer(url, Promise.resolve(response))
      return response.body
    },
    call: (method, body) =>
      ask(method, '', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
  }
}

/** A request that has no answer after this time gets none. */
const answerMs = 15_000

async function answer<Body>(url: string, asked: Promise<Response>): Promise<Body> {
  const response = await asked.catch(async (cause) => {
    throw new OperatorError(await whatIsWrong(url), { cause })
  })
  if (response.status >= 500) throw new OperatorError(await whatIsWrong(url))
  const body = (await response.json().catch(() => ({}))) as { error?: string; message?: string }
  if (!response.ok)
    throw new OperatorError(
      `${body.error ?? response.status}: ${body.message ?? 'the AppView gave no reason'}`,
    )
  return body as Body
}

/** Says why a call failed, as far as the server's health check tells. */
async function whatIsWrong(url: string): Promise<string> {
  const nobody = `No AppView answers at ${url}. Start it, or set HOLDFAST_APPVIEW_URL.`
  const asked = await fetch(new URL('/health/ready', url), { signal: AbortSignal.timeout(answerMs) }).catch(
    () => undefined,
  )
  if (!asked) return nobody
  const found = (await asked.json().catch(() => ({}))) as { database?: string; writes?: string }
  const broken = [found.database, found.writes].find((state) => state !== undefined && state !== 'ok')
  return broken === undefined
    ? `The AppView at ${url} failed, and its log says why.`
    : `The AppView at ${url} is not well: its database ${broken}. Fix that, and try again.`
}
