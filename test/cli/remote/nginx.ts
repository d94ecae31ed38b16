import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../../network/free-port.ts'
import { waitFor } from '../../network/wait-for.ts'

/** A request as nginx logged it. */
export interface LoggedRequest {
  readonly method: string
  readonly path: string
  readonly status: number
  /** Bytes of the body that were sent. */
  readonly sent: number
}

export type Nginx = AsyncDisposable & {
  /** The address, which ends in a slash. */
  readonly url: string
  readonly requests: () => Promise<LoggedRequest[]>
}

/** Serves a directory with Debian's nginx, with these directives for its server, such as `max_ranges 0;`. */
export async function startNginx(
  root: string,
  {
    folder,
    directives = '',
    address = '127.0.0.1',
    isTls = false,
  }: { folder: string; directives?: string; address?: string; isTls?: boolean },
): Promise<Nginx> {
  const home = join(folder, 'nginx')
  await mkdir(home, { recursive: true })
  // Workers of nginx that root starts run as nobody.
  for (const place of [folder, home, root]) await chmod(place, 0o755)
  const port = await freePort()
  const log = join(home, 'access.log')
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${join(home, name)};`)
    .join(' ')
  const config = `daemon off; worker_processes 1; pid ${join(home, 'pid')}; events {}
http { log_format plain '$request_method $request_uri $status $body_bytes_sent'; access_log ${log} plain; error_log ${join(home, 'error.log')};
  sendfile on; default_type application/octet-stream; ${temporary}
  server { listen ${address}:${port}${isTls ? ' ssl' : ''}; root ${root}; autoindex on; ${directives} } }`
  await writeFile(join(home, 'nginx.conf'), config)
  const child = spawn('nginx', ['-c', join(home, 'nginx.conf'), '-e', join(home, 'first.log'), '-p', home], {
    stdio: 'ignore',
  })
  const ended = once(child, 'exit')
  const url = isTls ? `https://localhost:${port}/` : `http://${address}:${port}/`
  // It answers plain HTTP on the port for TLS, too.
  await waitFor(async () => (await fetch(`http://${address}:${port}/`)).status > 0, { what: 'nginx' })
  return {
    url,
    async requests() {
      const lines = (await readFile(log, 'utf8')).trim().split('\n').slice(1)
      return lines.map((line) => {
        const [method = '', path = '', status, sent] = line.split(' ')
        return { method, path, status: Number(status), sent: Number(sent) }
      })
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGQUIT')
      child.kill('SIGTERM')
      await ended
    },
  }
}
