import { FileFormatError } from '../tensor/errors.js'

/** What is written: bytes, or pieces of them in order. */
export type Content = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>

/**
 * A place for named files, without folders inside. Opening one touches nothing; the first write creates it.
 * `openStore(path)` from `#artifacts/store` gives a folder on disk in Node and a place in the page's memory in a browser.
 * Every method throws {@link FileFormatError} where the place cannot do it, in a sentence that names the file.
 */
export interface Store {
  /** What a person calls it: the folder's path. */
  readonly path: string
  /** Where it is: what is in memory is lost with the page unless it is downloaded. */
  readonly kind: 'disk' | 'memory'
  exists(name: string): Promise<boolean>
  /** Names in order of their letters, folders with a "/" at their end; none where there is no such place yet. */
  list(): Promise<string[]>
  /** The bytes of a file. */
  size(name: string): Promise<number>
  /** A file whole, in memory of its own. */
  read(name: string): Promise<Uint8Array>
  /**
   * Writes a file so that at every moment, a kill or a power cut included, either the old one or the new one is there
   * whole. `content` must not change until this is done. `removing` are files that go in the moment the new one appears:
   * after its bytes are safe and before it has its name.
   */
  writeAtomic(name: string, content: Content, options?: { readonly removing?: readonly string[] }): Promise<void>
  /**
   * The same of several files: the bytes of all are safe before any of `removing` goes and the first gets its name, so that where one
   * cannot be written, everything stays as it was. They get their names in the order in which they are given.
   */
  writeTogether(files: ReadonlyMap<string, Content>, options?: { readonly removing?: readonly string[] }): Promise<void>
  /** Adds text at the end of a file, and makes the file where there is none. */
  append(name: string, text: string): Promise<void>
  /** Cuts a file to its first `bytes`; a shorter or absent one stays as it is. */
  truncate(name: string, bytes: number): Promise<void>
  /** Removes a file; an absent one is no error. */
  remove(name: string): Promise<void>
  /** Room for what is to become the file `name`; it never shows in `list`. */
  scratch(name: string): Promise<Scratch>
  /** Removes what killed processes left half-written here. Nothing else may be writing here. */
  sweep(): Promise<void>
  /**
   * Makes a lock, {@link lockFile} or one whose name begins so, with this text, whole or not at all; undefined where there is one already.
   * Gives what removes it, and the place with it where it had to be made for it and holds nothing else; an orderly end of the process
   * does the same. Locks do not show in `list`.
   */
  claim(name: string, text: string): Promise<(() => Promise<void>) | undefined>
  /** The names of all locks here; none where there is no such place. */
  claims(): Promise<string[]>
}

/** The file that says who writes a place; others that belong to it have names that begin so. See {@link holding}. */
export const lockFile = '.energia.lock'

/** Bytes put aside. */
export interface Scratch {
  readonly size: number
  append(bytes: Uint8Array): Promise<void>
  /** Everything that was put aside, in order, in pieces of bounded size. */
  chunks(): AsyncIterable<Uint8Array>
  dispose(): Promise<void>
}

/** Throws {@link FileFormatError} unless `name` is the plain name of a file. */
export function checkName(name: string): void {
  if (name === '' || name === '.' || name === '..' || /[/\\\0]/.test(name)) {
    throw new FileFormatError(`${JSON.stringify(name)} cannot be the name of a file here; use a name without slashes.`)
  }
}

/** Content as pieces. */
export function pieces(content: Content): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
  return content instanceof Uint8Array ? [content] : content
}
