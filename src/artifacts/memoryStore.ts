import { joinBytes } from '../data/byteReader.js'
import { FileFormatError } from '../tensor/errors.js'
import { checkName, lockFile, pieces, type Scratch, type Store } from './store.js'

/** A {@link Store} in memory, whose files can be given back: to be looked at, or downloaded (`zipStore`). */
export interface MemoryStore extends Store {
  readonly kind: 'memory'
  /** Copies of all files, by name. */
  files(): Record<string, Uint8Array>
}

/** A store in memory that begins with copies of `files`. */
export function memoryStore(path: string, files: Readonly<Record<string, Uint8Array>> = {}): MemoryStore {
  const held = new Map<string, Uint8Array>()
  for (const [name, bytes] of Object.entries(files)) {
    checkName(name)
    held.set(name, bytes.slice())
  }
  const find = (name: string): Uint8Array => {
    checkName(name)
    const bytes = held.get(name)
    if (bytes === undefined) {
      throw new FileFormatError(`${path}/${name} cannot be read: there is no such file; check the path.`)
    }
    return bytes
  }

  const names = (locks: boolean): string[] => [...held.keys()].filter((name) => name.startsWith(lockFile) === locks)

  const store: MemoryStore = {
    path,
    kind: 'memory',
    files: () => Object.fromEntries(names(false).map((name) => [name, find(name).slice()])),

    async exists(name) {
      checkName(name)
      return held.has(name)
    },
    list: async () => names(false).sort(),
    size: async (name) => find(name).length,
    read: async (name) => find(name).slice(),

    writeAtomic: (name, content, options) => store.writeTogether(new Map([[name, content]]), options),
    async writeTogether(files, { removing = [] } = {}) {
      for (const each of [...files.keys(), ...removing]) checkName(each)
      const written: [string, Uint8Array][] = []
      for (const [name, content] of files) written.push([name, await join(pieces(content))])
      for (const other of removing) held.delete(other)
      for (const [name, whole] of written) held.set(name, whole)
    },

    async append(name, text) {
      checkName(name)
      held.set(name, await join([held.get(name) ?? new Uint8Array(0), new TextEncoder().encode(text)]))
    },

    async truncate(name, bytes) {
      checkName(name)
      const whole = held.get(name)
      if (whole && whole.length > bytes) held.set(name, whole.slice(0, bytes))
    },

    async remove(name) {
      checkName(name)
      held.delete(name)
    },

    async scratch(name) {
      checkName(name)
      return memoryScratch()
    },
    sweep: async () => {},

    async claim(name, text) {
      checkName(name)
      if (held.has(name)) return undefined
      held.set(name, new TextEncoder().encode(text))
      return () => store.remove(name)
    },
    claims: async () => names(true),
  }
  return store
}

function memoryScratch(): Scratch {
  let kept: Uint8Array[] = []
  let size = 0
  return {
    get size() {
      return size
    },
    async append(bytes) {
      kept.push(bytes.slice())
      size += bytes.length
    },
    async *chunks() {
      yield* kept
    },
    async dispose() {
      kept = []
      size = 0
    },
  }
}

async function join(parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const kept: Uint8Array[] = []
  for await (const part of parts) kept.push(part.slice()) // whoever gives the pieces may use their memory again
  return joinBytes(kept)
}
