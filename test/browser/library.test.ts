import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBrowser, watchedPage } from './browser.js'
import * as programs from './programs.js'
import { bundledSite, plainPages, root } from './site.js'
import { type StaticServer, staticServer } from './staticServer.js'

type Programs = typeof programs
type Result<Name extends keyof Programs> = Awaited<ReturnType<Programs[Name]>>

/** Runs one of the programs in a page. */
function run<Name extends keyof Programs>(page: Page, name: Name, options?: object): Promise<Result<Name>> {
  return page.evaluate(
    ([program, argument]) =>
      (globalThis as unknown as { programs: Record<string, (options?: object) => Promise<never>> }).programs[program](
        argument,
      ),
    [name, options] as const,
  )
}

let folder: string
let site: string
let browser: Browser

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'energia-browser-'))
  site = await bundledSite(folder)
  browser = await openBrowser()
})

afterAll(async () => {
  await browser?.close()
  await rm(folder, { recursive: true, force: true })
})

interface Site {
  readonly name: string
  readonly isolated: boolean
  /** Whether the charts' library, which an import map would have to name package by package, is at hand. */
  readonly charts: boolean
  serve(): Promise<StaticServer>
}

const sites: readonly Site[] = [true, false].flatMap((isolated) => {
  const headers = isolated ? 'cross-origin isolated' : 'not isolated'
  return [
    {
      name: `bundled, ${headers}`,
      isolated,
      charts: true,
      serve: () => staticServer({ folder: site, isolated }),
    },
    {
      name: `dist/ as it is, ${headers}`,
      isolated,
      charts: false,
      serve: async () => staticServer({ folder: root, isolated, pages: await plainPages() }),
    },
  ]
})

describe.each(sites)('in a page ($name)', ({ isolated, charts, serve }) => {
  let server: StaticServer
  let context: BrowserContext
  let page: Page
  let complaints: string[]
  let requests: string[]

  beforeAll(async () => {
    server = await serve()
    context = await browser.newContext()
    const watched = await watchedPage(context)
    ;({ page, complaints, requests } = watched)
    await page.goto(`${server.address}/`)
    await page.waitForFunction(() => 'programs' in globalThis)
  })

  afterAll(async () => {
    await context?.close()
    await server?.close()
  })

  it('learns, encodes, draws, saves and loads, with the bits of Node', async () => {
    const here = await programs.firstProgram()
    const there = await run(page, 'firstProgram')
    expect(there).toEqual({ ...here, reports: there.reports, worstGap: there.worstGap })
    expect(there.codesOfLoaded).toBe(there.codes)
    expect(there.converged).toBe(500)
    expect(there.worstGap).toBeLessThanOrEqual(1e-6)
    expect(there.reports).toBeGreaterThan(0)
    expect(there.pngSignature).toEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
    expect(there.files).toContain('model.safetensors')
  })

  it('reaches the energies of Node with every solver', async () => {
    const here = await programs.solverEnergies()
    const there = await run(page, 'solverEnergies')
    expect(Object.keys(there)).toEqual(Object.keys(here))
    expect(Object.keys(there).length).toBeGreaterThan(15)
    for (const [name, energies] of Object.entries(here)) {
      energies.forEach((energy, i) => {
        expect(Math.abs(there[name][i] - energy), `${name}, observation ${i}`).toBeLessThanOrEqual(1e-12 * energy)
      })
    }
  })

  if (isolated) {
    it('uses several threads without changing a bit', async () => {
      const offered = await run(page, 'threadsOffered', undefined)
      const cores = await page.evaluate(() => navigator.hardwareConcurrency)
      expect(offered).toEqual({ threads: cores, limitation: undefined })
      const one = await run(page, 'firstProgram', { threads: 1 })
      const three = await run(page, 'firstProgram', { threads: 3 })
      expect({ ...three, reports: one.reports }).toEqual(one)
    })
  } else {
    it('runs on one thread and says why', async () => {
      const offered = await run(page, 'threadsOffered')
      expect(offered.threads).toBe(1)
      expect(offered.limitation).toMatch(/not cross-origin isolated.*Cross-Origin-Opener-Policy/)
    })
  }

  it('decodes photographs as Node does, and reads what it wrote', async () => {
    const here = await programs.photographsAndFiles()
    const there = await run(page, 'photographsAndFiles')
    expect(there.shape).toEqual(here.shape)
    expect(there.mean).toBeCloseTo(here.mean, 2)
    expect(there.atoms).toEqual([16, 8, 8])
    expect(there.read).toEqual(there.written)
  })

  it('learns kernels of images and signals, and makes features, to the bits of Node', async () => {
    const here = await programs.kernelsAndFeatures()
    expect(here.coded).toHaveLength(6)
    expect(await run(page, 'kernelsAndFeatures')).toEqual(here)
  })

  it('restores images to the bits of Node', async () => {
    expect(await run(page, 'restoredImages')).toEqual(await programs.restoredImages())
  })

  if (charts) {
    it('draws charts with the page’s own document', async () => {
      const html = await run(page, 'smallReport')
      expect(html).toMatch(/<figure class="half"><svg[^>]*>.*Energy while learning/)
    })
  }

  it('neither complains nor asks for anything from elsewhere', () => {
    expect(complaints).toEqual([])
    expect(requests.length).toBeGreaterThan(3)
    expect(requests.filter((url) => !url.startsWith(server.address) && !/^(data|blob):/.test(url))).toEqual([])
  })
})
