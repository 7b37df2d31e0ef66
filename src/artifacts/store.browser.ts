import { type MemoryStore, memoryStore } from './memoryStore.js'
import type { Store } from './store.js'

const places = new Map<string, MemoryStore>()

/**
 * A place in this page's memory; see {@link Store}. The same path gives the same place as long as the page lives; to
 * keep its files, download them (`zipStore`).
 */
export function openStore(path: string): Store {
  const known = places.get(path)
  if (known) return known
  const made = memoryStore(path)
  places.set(path, made)
  return made
}

/** The place of a file, and the file's name in it. */
export function locate(path: string): { readonly store: Store; readonly name: string } {
  const slash = path.lastIndexOf('/')
  return { store: openStore(slash < 0 ? '.' : path.slice(0, slash)), name: path.slice(slash + 1) }
}
