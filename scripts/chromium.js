// Finds the Chromium that the browser tests drive, and installs Debian's where that can be done.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { env, getuid, platform } from 'node:process'

const advice =
  'Install Chromium, Google Chrome or Microsoft Edge, or set CHROMIUM_PATH to the program of one ' +
  '(Debian and Ubuntu: apt-get install chromium; macOS: brew install --cask chromium; Windows: Edge comes with it).'

/** The path of a Chromium. Throws an error that says what to install where there is none. */
export function findChromium() {
  const named = env.CHROMIUM_PATH
  if (named) {
    if (existsSync(named)) return named
    throw new Error(`CHROMIUM_PATH is ${named}, where there is no program. ${advice}`)
  }
  const found = usualPlaces().find((path) => existsSync(path))
  if (!found) throw new Error(`The browser tests need Chromium, and none was found. ${advice}`)
  return found
}

/** The same; as root on Debian it installs the package chromium first where there is none. */
export function findOrInstallChromium() {
  try {
    return findChromium()
  } catch (error) {
    if (env.CHROMIUM_PATH || !canInstall()) throw error
    console.log('No Chromium was found; installing the Debian package chromium.')
    const settings = { stdio: /** @type {const} */ ('inherit'), env: { ...env, DEBIAN_FRONTEND: 'noninteractive' } }
    for (const command of [['update'], ['install', '--yes', '--no-install-recommends', 'chromium']]) {
      if (spawnSync('apt-get', command, settings).status !== 0) {
        throw new Error(`apt-get ${command.join(' ')} failed. ${advice}`, { cause: error })
      }
    }
    return findChromium()
  }
}

function canInstall() {
  return platform === 'linux' && getuid?.() === 0 && existsSync('/etc/debian_version') && existsSync('/usr/bin/apt-get')
}

function usualPlaces() {
  if (platform === 'darwin') {
    const programs = ['Google Chrome', 'Chromium', 'Microsoft Edge']
    const folders = ['/Applications', join(env.HOME ?? '/', 'Applications')]
    return folders.flatMap((folder) => programs.map((name) => join(folder, `${name}.app`, 'Contents', 'MacOS', name)))
  }
  if (platform === 'win32') {
    const programs = ['Google\\Chrome\\Application\\chrome.exe', 'Chromium\\Application\\chrome.exe']
    const folders = [env.PROGRAMFILES, env['PROGRAMFILES(X86)'], env.LOCALAPPDATA].filter(
      (folder) => folder !== undefined,
    )
    return folders.flatMap((folder) =>
      [...programs, 'Microsoft\\Edge\\Application\\msedge.exe'].map((program) => join(folder, program)),
    )
  }
  const programs = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge']
  const folders = new Set([
    ...(env.PATH ?? '').split(delimiter).filter(Boolean),
    '/usr/bin',
    '/usr/local/bin',
    '/snap/bin',
  ])
  return [...folders].flatMap((folder) => programs.map((name) => join(folder, name)))
}
