import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { access, mkdir, open, readdir, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { ConfigurationError, FileFormatError } from '../../src/index.js'
import { systemCode, systemSentence } from '../systemErrors.js'

type Standing = 'nothing' | 'file' | 'folder' | 'device'

/** What stands at a path. */
async function standing(path: string): Promise<Standing> {
  try {
    const there = await stat(path)
    if (there.isDirectory()) return 'folder'
    return there.isFile() ? 'file' : 'device'
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 'nothing'
    throw failed(path, error)
  }
}

/**
 * Checks before any work that a file can be written. Throws ConfigurationError where one is there and may not be replaced,
 * FileFormatError where the place takes no files.
 */
export async function checkOutputFile(path: string, overwrite = false): Promise<void> {
  const there = await standing(path)
  if (there === 'folder') throw new ConfigurationError(`${path} is a folder; give --out the name of a file.`)
  if (there === 'device') {
    throw new ConfigurationError(`${path} is a device or a pipe; give --out the name of a file.`)
  }
  if (there === 'file' && !overwrite) {
    throw new ConfigurationError(`${path} is there already; pass --overwrite to replace it, or choose another name.`)
  }
  await checkWritable(dirname(resolve(path)), path)
}

/**
 * The same for a folder that will hold files: it must not be there, or be empty, unless it may be written into. Gives
 * what stands there.
 */
export async function checkOutputFolder(path: string, overwrite = false): Promise<Standing> {
  const there = await standing(path)
  if (there === 'file' || there === 'device') {
    throw new ConfigurationError(`${path} is a ${there}; give --out the name of a folder, or of an .npy file.`)
  }
  if (there === 'folder' && !overwrite && (await readdir(path)).length > 0) {
    throw new ConfigurationError(
      `${path} holds files already; pass --overwrite to write into it, or choose another folder.`,
    )
  }
  await checkWritable(resolve(path), path)
  return there
}

/**
 * Checks that what is written is not what is read. `input` may be no path at all, such as the name of a data set. Throws
 * ConfigurationError where both are one file or folder, links followed.
 */
export async function checkApart(out: string, input: string | undefined): Promise<void> {
  if (input === undefined) return
  const [to, from] = await Promise.all([out, input].map((path) => realpath(path).catch(() => undefined)))
  if (to !== undefined && to === from) {
    throw new ConfigurationError(`${out} is what is read from (${input}); give --out another name.`)
  }
}

/** Throws ConfigurationError where a folder is a run, whose files others would replace. */
export async function checkNoRun(path: string): Promise<void> {
  const config = await readFile(join(path, 'config.json'), 'utf8').catch(() => '') // any version of it, damaged ones included
  if (!config.includes('"energia-run"')) return
  throw new ConfigurationError(
    `${path} is the folder of a run, whose files would be replaced; choose another folder, or leave --out out.`,
  )
}

/** The nearest folder above that exists must be writable. */
async function checkWritable(folder: string, path: string): Promise<void> {
  for (let at = folder; ; at = dirname(at)) {
    const there = await standing(at)
    if (there === 'nothing') continue
    if (there !== 'folder') {
      throw new FileFormatError(`${path} cannot be written: ${at} is a ${there}, not a folder; choose another path.`)
    }
    try {
      await access(at, constants.W_OK)
    } catch (error) {
      throw failed(path, error)
    }
    return
  }
}

/** Writes a file whole or not at all, and makes the folders above it. */
export async function writeOutput(
  path: string,
  content: Uint8Array | string | AsyncIterable<Uint8Array>,
): Promise<void> {
  const folder = dirname(resolve(path))
  const temporary = join(folder, `.${basename(path)}.${randomBytes(4).toString('hex')}.partial`)
  try {
    await mkdir(folder, { recursive: true })
    const file = await open(temporary, 'wx')
    try {
      if (typeof content === 'string' || content instanceof Uint8Array) await file.writeFile(content)
      else for await (const piece of content) await file.writeFile(piece)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {}) // the first error is the one to report
    throw failed(path, error)
  }
}

/** An error of the system as a sentence; others as they are. */
function failed(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || systemCode(error) === undefined) return error
  return new FileFormatError(systemSentence(error, `${path} cannot be written`), { cause: error })
}
