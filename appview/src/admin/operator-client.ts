import { type MethodName, methods } from '@holdfast/lexicons/nsid'

/** Calls the running AppView as its operator. */
export interface OperatorClient {
  query<Body>(
    method: MethodName,
    params?: Readonly<Record<string, string | number | undefined>>,
  ): Promise<Body>
  call<Body>(method: MethodName, body: object): Promise<Body>
}

/** Calls the AppView at a URL with its operator's token. */
export function operatorClient({ url, token }: { url: string; token: string }): OperatorClient {
  const ask = <Body>(method: MethodName, query: string, init: RequestInit = {}) => {
    // Elsewhere a bearer token is taken for a service token.
    const authorization = operatorMethods.has(method) ? { authorization: `Bearer ${token}` } : {}
    const target = new URL(`/xrpc/${methods[method]}${query}`, url)
    return answer<Body>(url, fetch(target, { ...init, headers: { ...init.headers, ...authorization } }))
  }
  return {
    query(method, params = {}) {
      const query = new URLSearchParams()
      for (const [name, value] of Object.entries(params))
        if (value !== undefined) query.set(name, String(value))
      return ask(method, `?${query}`)
    },
    call: (method, body) =>
      ask(method, '', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
  }
}

const operatorMethods: ReadonlySet<MethodName> = new Set([
  'getIngestStatus',
  'listAdmissions',
  'updateAdmission',
])

async function answer<Body>(url: string, asked: Promise<Response>): Promise<Body> {
  const response = await asked.catch((cause) => {
    throw new Error(`No AppView answers at ${url}. Start it, or set HOLDFAST_APPVIEW_URL.`, { cause })
  })
  const body = (await response.json().catch(() => ({}))) as { error?: string; message?: string }
  if (!response.ok)
    throw new Error(`${body.error ?? response.status}: ${body.message ?? 'the AppView gave no reason'}`)
  return body as Body
}
