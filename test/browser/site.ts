import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, transformWithOxc } from 'vite'

export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '')

const programs = join(root, 'test', 'browser', 'programs.ts')
const library = join(root, 'dist', 'src', 'index.js')

/** A page's script that hands the programs to the test. */
const handOver = (from: string): string => `import * as programs from '${from}'\nglobalThis.programs = programs\n`

/** Bundles the programs with the built library into `folder`, as an application would with Vite; gives the folder to serve. */
export async function bundledSite(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true })
  await writeFile(
    join(folder, 'index.html'),
    '<!doctype html><title>bundle</title><script type="module" src="main.js"></script>',
  )
  await writeFile(join(folder, 'main.js'), handOver(programs.replaceAll('\\', '/')))
  const site = join(folder, 'site')
  await build({
    root: folder,
    configFile: false,
    logLevel: 'error',
    resolve: { alias: { energia: library } },
    build: { outDir: site, emptyOutDir: true, target: 'es2022', chunkSizeWarningLimit: 1000 },
  })
  return site
}

/** The import map that docs/browser.md gives, with the packages where this project has them. */
export async function documentedImports(): Promise<Record<string, string>> {
  const page = await readFile(join(root, 'docs', 'browser.md'), 'utf8')
  const written = /<script type="importmap">([\s\S]*?)<\/script>/.exec(page)?.[1] ?? ''
  const { imports } = JSON.parse(written) as { imports: Record<string, string> }
  const here = (path: string) => (path.startsWith('/energia/') ? path.slice('/energia'.length) : `/node_modules${path}`)
  return Object.fromEntries(Object.entries(imports).map(([name, path]) => [name, here(path)]))
}

/** The pages of a site without a bundler: the files of dist/ as they are, found through an import map. */
export async function plainPages(): Promise<Record<string, string>> {
  const imports = { ...(await documentedImports()), '@zip.js/zip.js': '/node_modules/@zip.js/zip.js/index.js' }
  const { code } = await transformWithOxc(await readFile(programs, 'utf8'), programs)
  return {
    '/index.html': `<!doctype html><title>plain</title><script type="importmap">${JSON.stringify({ imports })}</script><script type="module" src="/main.js"></script>`,
    '/main.js': handOver('/programs.js'),
    '/programs.js': code,
  }
}
