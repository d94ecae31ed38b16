import { type Agent, request } from 'node:http'

/** Reads an answer to its end. Rejects unless it is a 200. */
export function get(url: URL, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    request(url, { agent }, (response) => {
      response.resume()
      response.once('end', () => {
        if (response.statusCode === 200) resolve()
        else reject(new Error(`${url.pathname} answered ${response.statusCode}`))
      })
    })
      .once('error', reject)
      .end()
  })
}
