import { type MethodName, methods } from '@holdfast/lexicons/nsid'

/** A method answered with an error; `error` is the name that its lexicon declares. */
export class XrpcError extends Error {
  readonly status: number
  readonly error: string
  constructor(status: number, body: { error?: string; message?: string }) {
    super(`${status} ${body.error}: ${body.message}`)
    this.status = status
    this.error = body.error ?? ''
  }
}

type Params = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

/** Calls a query over plain HTTP, as a third-party client would, or as the operator if a token is given. Throws XrpcError. */
export async function query<T>(
  baseUrl: string,
  method: MethodName,
  params: Params = {},
  options: { token?: string } = {},
): Promise<T> {
  const url = new URL(`/xrpc/${methods[method]}`, baseUrl)
  for (const [name, value] of Object.entries(params)) {
    for (const item of Array.isArray(value) ? value : [value])
      if (item !== undefined) url.searchParams.append(name, String(item))
  }
  const { token } = options
  return answer<T>(
    await fetch(url, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
  )
}

/** Calls a procedure with a JSON body, as the operator if a token is given. Throws XrpcError. */
export async function call<T>(
  baseUrl: string,
  method: MethodName,
  options: { body: object; token?: string },
): Promise<T> {
  const response = await fetch(new URL(`/xrpc/${methods[method]}`, baseUrl), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
    },
    body: JSON.stringify(options.body),
  })
  return answer<T>(response)
}

async function answer<T>(response: Response): Promise<T> {
  const text = await response.text()
  if (!response.ok)
    throw new XrpcError(response.status, text.startsWith('{') ? JSON.parse(text) : { message: text })
  return JSON.parse(text || '{}') as T
}
