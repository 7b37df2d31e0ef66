import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize, sep } from 'node:path'

const kinds: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.jpg': 'image/jpeg',
  '.gz': 'application/octet-stream',
}

export interface StaticServer {
  readonly address: string
  close(): Promise<void>
}

/**
 * Serves the files of `folder` on this machine alone, and `pages` at their addresses. `isolated` sends the two headers
 * that give a page shared memory.
 */
export async function staticServer(options: {
  folder: string
  isolated: boolean
  pages?: Readonly<Record<string, string>>
}): Promise<StaticServer> {
  const { folder, isolated, pages = {} } = options
  const server = createServer(async (request, response) => {
    const asked = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname)
    const path = asked === '/' ? '/index.html' : asked
    if (isolated) {
      response.setHeader('Cross-Origin-Opener-Policy', 'same-origin')
      response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp')
    }
    const file = normalize(join(folder, path))
    try {
      const content = pages[path] ?? (file.startsWith(folder + sep) ? await readFile(file) : undefined)
      if (content === undefined) throw new Error('outside of the folder')
      response.setHeader('Content-Type', kinds[extname(path)] ?? 'application/octet-stream').end(content)
    } catch {
      response.writeHead(path === '/favicon.ico' ? 204 : 404).end()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    address: `http://localhost:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
