import { randomBytes } from 'node:crypto'
import { rmdirSync, rmSync } from 'node:fs'
import { appendFile, type FileHandle, link, open, readdir, rename, rm, rmdir, stat, truncate } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { makeFolder } from '../data/files.node.js'
import { FileFormatError } from '../tensor/errors.js'
import { systemCode, systemError } from '../tensor/systemError.js'
import { type Content, checkName, lockFile, pieces, type Scratch, type Store } from './store.js'

/** What a half-written file is called until it is whole. */
const partial = /^\..+\.[0-9a-f]{8}\.partial$/
/** The most that one call to the system moves: it refuses more than 2 GiB at a time. */
const pieceBytes = 1 << 24

/** A folder on disk; see {@link Store}. Nothing is touched yet. */
export function openStore(path: string): Store {
  const file = (name: string): string => {
    checkName(name)
    return join(path, name)
  }
  const partialOf = (name: string): string => join(path, `.${name}.${randomBytes(4).toString('hex')}.partial`)

  const store: Store = {
    path,
    kind: 'disk',

    async exists(name) {
      try {
        await stat(file(name))
        return true
      } catch (error) {
        if (systemCode(error) === 'ENOENT') return false
        throw systemError(error, file(name), 'read')
      }
    },

    async list() {
      try {
        const entries = await readdir(path, { withFileTypes: true })
        const names = entries.filter(({ name }) => !partial.test(name) && !name.startsWith(lockFile))
        return names.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name)).sort()
      } catch (error) {
        if (systemCode(error) === 'ENOENT') return []
        if (systemCode(error) === 'ENOTDIR') {
          throw new FileFormatError(`${path} is a file where a folder is needed; choose another path.`)
        }
        throw systemError(error, path, 'read')
      }
    },

    async size(name) {
      try {
        return (await stat(file(name))).size
      } catch (error) {
        throw systemError(error, file(name), 'read')
      }
    },

    read: (name) => readWhole(file(name)),

    writeAtomic: (name, content, options) => store.writeTogether(new Map([[name, content]]), options),

    async writeTogether(files, { removing = [] } = {}) {
      const others = removing.map(file)
      const written = [...files].map(([name, content]) => ({ target: file(name), partial: partialOf(name), content }))
      let writing = path
      try {
        await makeFolder(path)
        for (const { target, partial, content } of written) {
          writing = target
          await writeWhole(partial, content)
        }
        for (const other of others) await rm(other, { force: true })
        for (const { target, partial } of written) {
          writing = target
          await replace(partial, target)
        }
        await syncFolder(path)
      } catch (error) {
        // The first error is the one to report.
        for (const { partial } of written) await rm(partial, { force: true }).catch(() => {})
        throw systemError(error, writing, 'written')
      }
    },

    async append(name, text) {
      try {
        await makeFolder(path)
        await appendFile(file(name), text)
      } catch (error) {
        throw systemError(error, file(name), 'written')
      }
    },

    async truncate(name, bytes) {
      try {
        if ((await stat(file(name))).size > bytes) await truncate(file(name), bytes)
      } catch (error) {
        if (systemCode(error) !== 'ENOENT') throw systemError(error, file(name), 'written')
      }
    },

    async remove(name) {
      try {
        await rm(file(name), { force: true })
      } catch (error) {
        throw systemError(error, file(name), 'removed')
      }
    },

    async scratch(name) {
      const target = file(name)
      try {
        await makeFolder(path)
        return await openScratch(partialOf(name), target)
      } catch (error) {
        throw systemError(error, target, 'written')
      }
    },

    async sweep() {
      try {
        for (const name of await readdir(path)) if (partial.test(name)) await rm(join(path, name), { force: true })
      } catch (error) {
        if (systemCode(error) !== 'ENOENT') throw systemError(error, path, 'cleared')
      }
    },

    async claim(name, text) {
      const content = new TextEncoder().encode(text)
      const made: string[] = []
      for (let left = 10; ; left--) {
        try {
          made.push(...(await makeFolder(path)))
          await writeNew(partialOf(name), file(name), content)
          break
        } catch (error) {
          // Another process that lets go removes the folder that it made, or sweeps.
          if (left > 0 && systemCode(error) === 'ENOENT') continue
          await removeEmpty(made)
          if (systemCode(error) === 'EEXIST') return undefined
          throw systemError(error, file(name), 'written')
        }
      }
      const claim = { lock: file(name), made }
      if (claimed.size === 0) process.on('exit', removeClaims)
      claimed.add(claim)
      return async () => {
        claimed.delete(claim)
        if (claimed.size === 0) process.off('exit', removeClaims)
        await store.remove(name)
        await removeEmpty(made)
      }
    },

    async claims() {
      try {
        return (await readdir(path)).filter((name) => name.startsWith(lockFile))
      } catch (error) {
        if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return []
        throw systemError(error, path, 'read')
      }
    },
  }
  return store
}

/** Locks of this process, and the folders that were made for each. */
const claimed = new Set<{ readonly lock: string; readonly made: readonly string[] }>()

/** At the end of the process: work that was cut off lets go. */
function removeClaims(): void {
  for (const { lock, made } of claimed) {
    try {
      rmSync(lock, { force: true })
      for (const folder of made.toReversed()) rmdirSync(folder)
    } catch {} // nobody is left to be told, and what holds nothing more is seen by the next
  }
}

/** Removes folders, the last first, as far as they are empty. */
async function removeEmpty(folders: readonly string[]): Promise<void> {
  try {
    for (const folder of folders.toReversed()) await rmdir(folder)
  } catch {} // it holds something by now
}

/** The folder of a file, and the file's name in it. */
export function locate(path: string): { readonly store: Store; readonly name: string } {
  return { store: openStore(dirname(path)), name: basename(path) }
}

async function readWhole(path: string): Promise<Uint8Array> {
  let handle: FileHandle | undefined
  try {
    handle = await open(path, 'r')
    const { size } = await handle.stat()
    const bytes = allocate(size, path)
    let at = 0
    while (at < size) {
      const { bytesRead } = await handle.read(bytes, at, Math.min(pieceBytes, size - at), at)
      if (bytesRead === 0) break
      at += bytesRead
    }
    return bytes.subarray(0, at)
  } catch (error) {
    throw systemError(error, path, 'read')
  } finally {
    await handle?.close()
  }
}

function allocate(size: number, path: string): Uint8Array {
  try {
    return new Uint8Array(size)
  } catch {
    throw new FileFormatError(
      `${path} has ${size} bytes, more than fit in memory; read it in parts or on a larger machine.`,
    )
  }
}

async function writeWhole(path: string, content: Content): Promise<void> {
  const handle = await open(path, 'wx')
  try {
    for await (const piece of pieces(content)) await writeAll(handle, piece)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Writes a file that must not be there yet, whole or not at all: by a second name where the disk can give one. */
async function writeNew(partial: string, target: string, content: Uint8Array): Promise<void> {
  await writeWhole(partial, content)
  try {
    await link(partial, target)
  } catch (error) {
    if (!['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK'].includes(systemCode(error) ?? '')) throw error
    await writeWhole(target, content)
  } finally {
    await rm(partial, { force: true })
  }
}

/** Writes at the handle's own position, in calls that the system takes whole or in part. */
async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    at += (await handle.write(bytes, at, Math.min(pieceBytes, bytes.length - at))).bytesWritten
  }
}

/** Renames over what is there. Windows refuses while another program, often a virus scanner, looks at the file: tries again. */
async function replace(from: string, to: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await rename(from, to)
    } catch (error) {
      const passing = ['EPERM', 'EACCES', 'EBUSY'].includes(systemCode(error) ?? '')
      if (process.platform !== 'win32' || !passing || attempt === 6) throw error
      await wait(20 * 2 ** attempt)
    }
  }
}

/** Makes a rename outlast a power cut. Some systems cannot do this to a folder; the file itself is safe already. */
async function syncFolder(path: string): Promise<void> {
  try {
    const handle = await open(path, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch {}
}

async function openScratch(path: string, target: string): Promise<Scratch> {
  const handle = await open(path, 'wx+')
  // Where a file without a name lives on while it is open, a killed process leaves nothing behind.
  const nameless = process.platform !== 'win32'
  if (nameless) await rm(path)
  let size = 0
  return {
    get size() {
      return size
    },
    async append(bytes) {
      try {
        await writeAll(handle, bytes)
        size += bytes.length
      } catch (error) {
        throw systemError(error, target, 'written')
      }
    },
    async *chunks() {
      for (let at = 0; at < size; ) {
        const chunk = new Uint8Array(Math.min(1 << 20, size - at))
        const { bytesRead } = await handle.read(chunk, 0, chunk.length, at)
        if (bytesRead === 0) throw new FileFormatError(`What was put aside for ${target} is lost; try again.`)
        at += bytesRead
        yield chunk.subarray(0, bytesRead)
      }
    },
    async dispose() {
      await handle.close()
      if (!nameless) await rm(path, { force: true })
    },
  }
}
