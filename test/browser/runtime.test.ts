import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getuid } from 'node:process'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { build, transformWithOxc } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findChromium } from '../../scripts/chromium.js'
import type { RuntimeOptions } from '../../src/runtime/runtime.js'
import { openBrowser, watchedPage } from './browser.js'
import * as programs from './runtimePrograms.js'
import { documentedImports, root } from './site.js'
import { type StaticServer, staticServer } from './staticServer.js'

type Programs = typeof programs

const source = join(root, 'test', 'browser', 'runtimePrograms.ts')
const handOver = (from: string) => `import * as programs from '${from}'\nglobalThis.programs = programs\n`

/** The programs with the built files of the library, as Vite bundles them for an application. */
async function bundle(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'index.html'), '<!doctype html><script type="module" src="main.js"></script>')
  await writeFile(join(folder, 'main.js'), handOver(source.replaceAll('\\', '/')))
  const site = join(folder, 'site')
  await build({
    root: folder,
    configFile: false,
    logLevel: 'error',
    resolve: { alias: [{ find: /^(\.\.\/)+src\//, replacement: `${root.replaceAll('\\', '/')}/dist/src/` }] },
    build: { outDir: site, emptyOutDir: true, target: 'es2022', chunkSizeWarningLimit: 1000 },
  })
  return site
}

/** Pages without a bundler: an import map leads to the built files, and to the files of the packages. */
async function plain(): Promise<Record<string, string>> {
  const imports = { ...(await documentedImports()), '/src/': '/dist/src/' }
  const { code } = await transformWithOxc(await readFile(source, 'utf8'), source)
  return {
    '/index.html': `<!doctype html><script type="importmap">${JSON.stringify({ imports })}</script><script type="module" src="/main.js"></script>`,
    '/main.js': handOver('/test/browser/programs.js'),
    '/test/browser/programs.js': code,
  }
}

/** Runs one of the programs in a page. */
function runIn<Name extends keyof Programs>(
  page: Page,
  name: Name,
  ...given: [options: RuntimeOptions, steps?: number]
): ReturnType<Programs[Name]> {
  return page.evaluate(
    ([program, args]) =>
      (globalThis as unknown as { programs: Record<string, (...given: unknown[]) => Promise<never>> }).programs[
        program
      ](...args),
    [name, given] as const,
  ) as ReturnType<Programs[Name]>
}

let folder: string
let site: string
let browser: Browser
let inNode: Awaited<ReturnType<Programs['smallTraining']>>
let autoEncoderInNode: Awaited<ReturnType<Programs['smallAutoEncoder']>>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'energia-runtime-'))
  site = await bundle(folder)
  browser = await openBrowser()
  inNode = await programs.smallTraining({ backend: 'web', threads: 1 })
  autoEncoderInNode = await programs.smallAutoEncoder({ backend: 'web', threads: 1 })
})

afterAll(async () => {
  await browser?.close()
  await rm(folder, { recursive: true, force: true })
})

const sites: readonly {
  readonly name: string
  readonly isolated: boolean
  readonly bundled: boolean
  readonly options: RuntimeOptions
}[] = [
  { name: 'bundled, isolated', isolated: true, bundled: true, options: { threads: 2 } },
  { name: 'bundled, not isolated', isolated: false, bundled: true, options: { threads: 2 } },
  {
    name: 'dist/ as it is, isolated, told where the files are',
    isolated: true,
    bundled: false,
    options: { threads: 2, wasmPaths: '/node_modules/onnxruntime-web/dist/' },
  },
  { name: 'dist/ as it is, not isolated', isolated: false, bundled: false, options: {} },
]

describe.each(sites)('graphs in a page ($name)', ({ isolated, bundled, options }) => {
  let server: StaticServer
  let context: BrowserContext
  let page: Page
  let complaints: string[]
  let requests: string[]

  const run = <Name extends keyof Programs>(name: Name, given: RuntimeOptions) => runIn(page, name, given)

  beforeAll(async () => {
    server = await staticServer(bundled ? { folder: site, isolated } : { folder: root, isolated, pages: await plain() })
    context = await browser.newContext()
    ;({ page, complaints, requests } = await watchedPage(context))
    await page.goto(`${server.address}/`)
    await page.waitForFunction(() => 'programs' in globalThis)
  })

  afterAll(async () => {
    await context?.close()
    await server?.close()
  })

  it('train as in Node', async () => {
    const there = await run('smallTraining', options)
    expect(there).toMatchObject({ name: 'onnxruntime-web', device: 'cpu', threads: isolated ? 2 : 1 })
    expect(there.losses[99]).toBeLessThan(there.losses[0] / 2)
    if (isolated) expect(there.losses[99]).toBeCloseTo(inNode.losses[99], 5)
    else {
      expect(there.limitation).toMatch(/not cross-origin isolated/)
      expect(there).toEqual({ ...inNode, limitation: there.limitation })
    }
  })

  it('learn and code by a convolutional auto-encoder as in Node', async () => {
    const there = await run('smallAutoEncoder', options)
    if (!isolated) expect(there).toEqual(autoEncoderInNode)
    expect(there.kernels).toEqual(autoEncoderInNode.kernels.map((value) => expect.closeTo(value, 4)))
    expect(there.refined).toBeLessThan(there.guess)
    expect(there.gap).toBeLessThanOrEqual(1e-4 * there.refined)
  })

  it('say what a page has not', async () => {
    expect(await run('refusal', { device: 'cuda' })).toMatch(
      /ConfigurationError: .*"cuda" is not available.*Available: cpu/,
    )
    expect(await run('refusal', { device: 'webgpu' })).toMatch(
      /ConfigurationError: .*"webgpu" is not available in this page/,
    )
    expect(await run('refusal', { backend: 'node' })).toMatch(/ConfigurationError: onnxruntime-node runs in Node alone/)
    const late = await run('refusal', { wasmPaths: '/elsewhere/' })
    expect(late).toMatch(/wasmPaths has come too late/)
  })

  it('neither complain nor ask for anything from elsewhere', () => {
    // Chromium's own remark where WebGPU was asked for in vain.
    expect(complaints.filter((text) => text !== 'No available adapters.')).toEqual([])
    expect(requests.some((url) => url.endsWith('.wasm'))).toBe(true)
    expect(requests.filter((url) => !url.startsWith(server.address) && !/^(data|blob):/.test(url))).toEqual([])
  })
})

/** What makes Chromium compute WebGPU on the CPU, where it was built with SwiftShader. */
const softwareGpu = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
  '--use-vulkan=swiftshader',
  '--enable-unsafe-swiftshader',
]

describe('graphs on WebGPU', () => {
  it('train as on the CPU, where the browser has an adapter', async () => {
    const sandbox = getuid?.() === 0 ? ['--no-sandbox', '--disable-dev-shm-usage'] : []
    const own = await chromium.launch({ executablePath: findChromium(), args: [...softwareGpu, ...sandbox] })
    const server = await staticServer({ folder: site, isolated: true })
    try {
      const { page } = await watchedPage(await own.newContext())
      await page.goto(`${server.address}/`)
      await page.waitForFunction(() => 'programs' in globalThis)
      const adapter = await page.evaluate(async () => {
        const { gpu } = navigator as { gpu?: { requestAdapter(): Promise<object | null> } }
        return (await gpu?.requestAdapter()) != null
      })
      if (!adapter) {
        expect(await runIn(page, 'refusal', { device: 'webgpu' })).toMatch(/"webgpu" is not available in this page/)
        return
      }
      const there = await runIn(page, 'smallTraining', { device: 'webgpu', threads: 1 }, 5)
      expect(there).toMatchObject({ name: 'onnxruntime-web', device: 'webgpu' })
      expect(there.losses.length).toBe(5)
      there.losses.forEach((loss, i) => {
        expect(loss).toBeCloseTo(inNode.losses[i], 4)
      })
    } finally {
      await own.close()
      await server.close()
    }
  })
})
