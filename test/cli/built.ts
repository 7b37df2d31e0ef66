import { spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/*
 * The command line as it is installed: compiled, and run as a process of its own. It is compiled into node_modules/.cache, so
 * that tests never touch dist/, and once only for all test files that run side by side.
 */
const root = fileURLToPath(new URL('../..', import.meta.url))
const place = join(root, 'node_modules', '.cache', 'energia-cli')
const stamp = join(place, 'stamp')
const lock = join(place, 'lock')

/** What the build depends on: names, sizes and times of the sources. */
function sources(): string {
  const list = (folder: string): string[] =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name))
  const files = ['package.json', 'tsconfig.build.json', 'tsconfig.json', ...list('src'), ...list('cli')].sort()
  const stats = files.map((file) => ({ file, stat: statSync(join(root, file)) })).filter(({ stat }) => stat.isFile())
  return stats.map(({ file, stat }) => `${file} ${stat.size} ${stat.mtimeMs}`).join('\n')
}

function build(): void {
  const made = ['src/kernels/energia.wasm', 'src/kernels/optimizers.wasm', 'src/data/embedded']
  for (const path of made) {
    if (!existsSync(join(root, path))) throw new Error(`${path} is missing; run node scripts/build.js --kernels first.`)
  }
  rmSync(join(place, 'dist'), { recursive: true, force: true })
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const { stdout } = spawnSync(
    process.execPath,
    [compiler, '-p', 'tsconfig.build.json', '--outDir', join(place, 'dist')],
    { cwd: root, encoding: 'utf8' },
  )
  if (!existsSync(join(place, 'dist', 'cli', 'main.js')))
    throw new Error(`The command line does not compile:\n${stdout}`)
  for (const path of made) cpSync(join(root, path), join(place, 'dist', path), { recursive: true })
  cpSync(join(root, 'package.json'), join(place, 'package.json'))
}

/** The path of main.js, compiled from the sources as they are now. */
export async function builtCli(): Promise<string> {
  const wanted = sources()
  const main = join(place, 'dist', 'cli', 'main.js')
  mkdirSync(place, { recursive: true })
  for (let patience = 600; ; patience--) {
    if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return main
    try {
      mkdirSync(lock)
    } catch (error) {
      // Another test file is building; a lock that a killed run left is broken in the end.
      if (patience === 0) rmSync(lock, { recursive: true, force: true })
      else if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
      await wait(100)
      continue
    }
    try {
      build()
      writeFileSync(stamp, wanted)
      return main
    } finally {
      rmSync(lock, { recursive: true, force: true })
    }
  }
}

/** What a run of the command line left. */
export interface Outcome {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly input?: Uint8Array
  /** Called with everything standard error (or output) has said so far, each time it says more. */
  readonly onError?: (text: string, kill: (signal: NodeJS.Signals) => void) => void
  readonly onOutput?: (text: string, kill: (signal: NodeJS.Signals) => void) => void
}

/** Runs `energia` with arguments, without colours and a terminal. */
export async function energia(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const main = await builtCli()
  const { FORCE_COLOR: _, ...environment } = process.env
  const child = spawn(process.execPath, [main, ...args], {
    cwd: options.cwd ?? process.cwd(),
    env: { ...environment, ...options.env },
  })
  const kill = (signal: NodeJS.Signals): void => void child.kill(signal)
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    options.onOutput?.(stdout, kill)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    options.onError?.(stderr, kill)
  })
  child.stdin.on('error', () => {}) // a command that refuses its input closes it
  child.stdin.end(options.input ?? '')
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
}
