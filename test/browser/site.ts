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

/** Where pages without a bundler find the packages that graphs need: the entries of an import map. */
export const packageFiles: Readonly<Record<string, string>> = {
  '@bufbuild/protobuf': '/node_modules/@bufbuild/protobuf/dist/esm/index.js',
  '@bufbuild/protobuf/wkt': '/node_modules/@bufbuild/protobuf/dist/esm/wkt/index.js',
  'onnxruntime-web/wasm': '/node_modules/onnxruntime-web/dist/ort.wasm.min.mjs',
  'onnxruntime-web/webgpu': '/node_modules/onnxruntime-web/dist/ort.webgpu.min.mjs',
}

/** The pages of a site without a bundler: the files of dist/ as they are, found through an import map. */
export async function plainPages(): Promise<Record<string, string>> {
  const { imports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    imports: Record<string, { default: string }>
  }
  const map: Record<string, string> = {
    energia: '/dist/src/index.js',
    ...packageFiles,
    '@zip.js/zip.js': '/node_modules/@zip.js/zip.js/index.js',
  }
  for (const [name, { default: path }] of Object.entries(imports)) map[name] = path.slice(1)
  const { code } = await transformWithOxc(await readFile(programs, 'utf8'), programs)
  return {
    '/index.html': `<!doctype html><title>plain</title><script type="importmap">${JSON.stringify({ imports: map })}</script><script type="module" src="/main.js"></script>`,
    '/main.js': handOver('/programs.js'),
    '/programs.js': code,
  }
}
