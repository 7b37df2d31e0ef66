// Fetches the newest release of Node from the package registry, to run tests on it.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { arch, env, execPath, platform, version } from 'node:process'

const oses = /** @type {Record<string, string>} */ ({ linux: 'linux', darwin: 'darwin', win32: 'win' })

/**
 * The program of the newest Node: this one, where none is newer; else one kept in `folder`. Throws an error where there is
 * none for this machine, or it cannot be fetched.
 * @param {string} folder
 * @returns {{ program: string, version: string }}
 */
export function newestNode(folder) {
  const newest = npm(['view', 'node', 'version'])
  if (compareVersions(version.slice(1), newest) >= 0) return { program: execPath, version: version.slice(1) }
  // The package of one kind of machine holds the program itself; the package `node` only installs it from a script.
  const name = `node-${oses[platform] ?? platform}-${arch}`
  const program = join(folder, 'node_modules', name, 'bin', platform === 'win32' ? 'node.exe' : 'node')
  const runs = () => existsSync(program) && spawnSync(program, ['--version']).stdout?.toString().trim() === `v${newest}`
  if (!runs()) npm(['install', '--prefix', folder, '--no-save', '--ignore-scripts', `${name}@${newest}`])
  if (!runs()) throw new Error(`The package ${name}@${newest} holds no program that runs here.`)
  return { program, version: newest }
}

/** @param {string[]} args */
function npm(args) {
  // Run by npm, a script knows npm's own program, which needs no shell on any system.
  const script = env.npm_execpath
  const { status, stdout, stderr } = script
    ? spawnSync(execPath, [script, ...args], { encoding: 'utf8' })
    : spawnSync('npm', args, { encoding: 'utf8', shell: platform === 'win32' })
  if (status !== 0) throw new Error(`npm ${args.join(' ')} failed: ${(stderr || stdout || '').trim()}`)
  return stdout.trim()
}

/**
 * Below 0, 0 or above 0 as `a` is older than, the same as or newer than `b`.
 * @param {string} a
 * @param {string} b
 */
function compareVersions(a, b) {
  const [left, right] = [a, b].map((text) => text.split(/[.-]/).map(Number))
  for (let i = 0; i < 3; i++) if (left[i] !== right[i]) return left[i] - right[i]
  return 0
}
