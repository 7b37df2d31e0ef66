import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs/promises'
import { homedir } from 'node:os'
import * as nodePath from 'node:path'
import { fileURLToPath } from 'node:url'
import { DataError, FileFormatError } from '../tensor/errors.js'
import { systemCode, systemError } from '../tensor/systemError.js'
import { blobHandle, bytesHandle, checkRange, type FileHandleLike, type FileInput } from './fileHandle.js'
import { globFolders, matchesGlob } from './glob.js'

/** A file that grows at its end. */
export interface Appender {
  /** Bytes already there. */
  readonly size: number
  write(bytes: Uint8Array): Promise<void>
  close(): Promise<void>
}

/** Opens a file, Blob or bytes for reading at any place. Throws {@link FileFormatError} where it cannot. */
export async function openFile(input: FileInput): Promise<FileHandleLike> {
  if (input instanceof Uint8Array) return bytesHandle(input)
  if (typeof input !== 'string') return blobHandle(input)
  try {
    const file = await fs.open(input, 'r')
    const status = await file.stat()
    if (!status.isFile()) {
      await file.close()
      throw new FileFormatError(`${input} is not a file. Name a file.`)
    }
    return {
      name: input,
      size: status.size,
      async read(offset, length) {
        checkRange(input, status.size, offset, length)
        const bytes = new Uint8Array(length)
        let total = 0
        try {
          while (total < length) {
            const { bytesRead } = await file.read(bytes, total, length - total, offset + total)
            if (bytesRead === 0) throw new FileFormatError(`${input} became shorter while it was read. Run again.`)
            total += bytesRead
          }
        } catch (error) {
          throw systemError(error, input, 'read')
        }
        return bytes
      },
      close: () => file.close(),
    }
  } catch (error) {
    throw systemError(error, input, 'read')
  }
}

/** What stands at a path; undefined where nothing does. */
export async function pathKind(path: string): Promise<'file' | 'folder' | undefined> {
  try {
    return (await fs.stat(path)).isDirectory() ? 'folder' : 'file'
  } catch (error) {
    const code = systemCode(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw systemError(error, path, 'read')
  }
}

/** The files directly in a folder, as paths, sorted by name; hidden ones are left out. */
export async function listFolder(folder: string): Promise<string[]> {
  try {
    const entries = await fs.readdir(folder, { withFileTypes: true })
    return entries
      .filter((entry) => !entry.name.startsWith('.') && (entry.isFile() || entry.isSymbolicLink()))
      .map((entry) => nodePath.join(folder, entry.name))
      .sort()
  } catch (error) {
    throw systemError(error, folder, 'listed')
  }
}

/** The folders directly in a folder, as paths, sorted by name; hidden ones are left out. */
export async function listFolders(folder: string): Promise<string[]> {
  try {
    const entries = await fs.readdir(folder, { withFileTypes: true })
    const paths = entries.filter(({ name }) => !name.startsWith('.')).map(({ name }) => nodePath.join(folder, name))
    const kinds = await Promise.all(paths.map(pathKind))
    return paths.filter((_, i) => kinds[i] === 'folder').sort()
  } catch (error) {
    throw systemError(error, folder, 'listed')
  }
}

/** The files that a pattern with *, **, ?, […] or {…} names, sorted. */
export async function expandGlob(pattern: string): Promise<string[]> {
  const plan = globFolders(nodePath.sep === '\\' ? pattern.replaceAll('\\', '/') : pattern)
  const found: string[] = []
  const walk = async (folder: string, depth: number): Promise<void> => {
    let entries: Awaited<ReturnType<typeof readFolder>>
    try {
      entries = await readFolder(folder === '' ? '.' : folder)
    } catch (error) {
      if (depth > 0) return
      throw systemError(error, folder === '' ? '.' : folder, 'listed')
    }
    for (const entry of entries) {
      if (entry.name.startsWith('.') && !plan.hidden) continue
      const path = folder === '' || folder.endsWith('/') ? folder + entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory()) {
        if (depth < plan.depth) await walk(path, depth + 1)
      } else if (matchesGlob(path, plan)) found.push(path)
    }
  }
  await walk(plan.root, 0)
  return found.sort()
}

const readFolder = (folder: string) => fs.readdir(folder, { withFileTypes: true })

/** The bytes that arrive on standard input. */
export async function* standardInput(): AsyncGenerator<Uint8Array> {
  if (process.stdin.isTTY) {
    throw new DataError(
      'Standard input is a terminal. Pipe an npy file into it, as in: cat digits.npy | energia … --data -',
    )
  }
  try {
    for await (const piece of process.stdin) yield piece as Uint8Array
  } catch (error) {
    throw systemError(error, 'standard input', 'read')
  }
}

/**
 * Writes a file under a temporary name and renames it, so that a reader sees the old file or the whole new one. On
 * failure nothing is left behind. Throws {@link FileFormatError}.
 */
export async function writeFileAtomically(
  path: string,
  content: Uint8Array | AsyncIterable<Uint8Array>,
): Promise<void> {
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`
  try {
    const file = await fs.open(temporary, 'wx')
    try {
      if (content instanceof Uint8Array) await file.writeFile(content)
      else for await (const piece of content) await file.writeFile(piece)
      await file.sync()
    } finally {
      await file.close()
    }
    await fs.rename(temporary, path)
  } catch (error) {
    await fs.rm(temporary, { force: true }).catch(() => {})
    throw systemError(error, path, 'written')
  }
}

/** Opens a file to be written on at its end; made where it is not there. */
export async function appendTo(path: string): Promise<Appender> {
  try {
    const file = await fs.open(path, 'a')
    const { size } = await file.stat()
    return {
      size,
      async write(bytes) {
        try {
          await file.writeFile(bytes)
        } catch (error) {
          throw systemError(error, path, 'written')
        }
      },
      close: () => file.close(),
    }
  } catch (error) {
    throw systemError(error, path, 'written')
  }
}

/** Makes a folder and those above it; gives those that were made, the outermost first. (The system's own way of doing so reports a read-only disk as a missing file.) */
export async function makeFolder(path: string): Promise<string[]> {
  if (await isFolder(path)) return []
  const above = nodePath.dirname(path)
  const made = above === path ? [] : await makeFolder(above)
  try {
    await fs.mkdir(path)
    return [...made, path]
  } catch (error) {
    // It may have been made in the meantime.
    if (!(await isFolder(path))) throw systemError(error, path, 'written')
    return made
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await fs.stat(path)).isDirectory()
  } catch {
    return false
  }
}

/** Removes a file where there is one. */
export async function removeFile(path: string): Promise<void> {
  try {
    await fs.rm(path, { force: true })
  } catch (error) {
    throw systemError(error, path, 'written')
  }
}

/** A path from its parts. */
export const joinPath = (...parts: string[]): string => nodePath.join(...parts)

/** A variable of the environment; undefined where it is not set or empty. */
export const environment = (name: string): string | undefined => process.env[name] || undefined

/** Where downloads are kept: the system's folder for caches. */
export function cacheFolder(): string {
  const home = homedir()
  if (process.platform === 'win32')
    return nodePath.join(process.env.LOCALAPPDATA ?? nodePath.join(home, 'AppData', 'Local'), 'energia')
  if (process.platform === 'darwin') return nodePath.join(home, 'Library', 'Caches', 'energia')
  return nodePath.join(process.env.XDG_CACHE_HOME || nodePath.join(home, '.cache'), 'energia')
}

/** A file that comes with the package. */
export async function readEmbedded(name: string): Promise<Uint8Array> {
  try {
    return await fs.readFile(fileURLToPath(new URL(`./embedded/${name}`, import.meta.url)))
  } catch (error) {
    throw new FileFormatError(
      `The data that comes with Energia is not there (${name}). In a clone run "npm run build"; otherwise install the package again.`,
      { cause: error },
    )
  }
}
