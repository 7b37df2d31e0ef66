import { ConfigurationError, FileFormatError } from '../tensor/errors.js'
import { blobHandle, bytesHandle, type FileHandleLike, type FileInput } from './fileHandle.js'

/** A file that grows at its end. */
export interface Appender {
  readonly size: number
  write(bytes: Uint8Array): Promise<void>
  close(): Promise<void>
}

const unavailable = (what: string, instead: string): never => {
  throw new ConfigurationError(`${what} needs a file system, which a browser has not. ${instead}`)
}
const passBytes = 'Pass a File, a Blob or the bytes instead of a path.'

/** Opens a Blob or bytes for reading at any place. Throws {@link ConfigurationError} for a path. */
export async function openFile(input: FileInput): Promise<FileHandleLike> {
  if (input instanceof Uint8Array) return bytesHandle(input)
  if (typeof input !== 'string') return blobHandle(input)
  return unavailable(`Opening ${input}`, passBytes)
}

/** Nothing stands at any path in a browser. */
export async function pathKind(path: string): Promise<'file' | 'folder' | undefined> {
  return unavailable(`Looking for ${path}`, passBytes)
}

export async function listFolder(folder: string): Promise<string[]> {
  return unavailable(`Listing ${folder}`, 'Pass the list of Files that the reader chose.')
}

export async function listFolders(folder: string): Promise<string[]> {
  return unavailable(`Listing ${folder}`, 'Pass observations with their labels.')
}

export async function expandGlob(pattern: string): Promise<string[]> {
  return unavailable(`Looking for ${pattern}`, 'Pass the list of Files that the reader chose.')
}

/** Throws {@link ConfigurationError}: a page has no standard input. */
export async function* standardInput(): AsyncGenerator<Uint8Array> {
  yield unavailable('Reading standard input', passBytes)
}

export async function writeFileAtomically(
  path: string,
  _content: Uint8Array | AsyncIterable<Uint8Array>,
): Promise<void> {
  unavailable(`Writing ${path}`, 'Offer the bytes as a download instead.')
}

export async function appendTo(path: string): Promise<Appender> {
  return unavailable(`Writing ${path}`, 'Offer the bytes as a download instead.')
}

export async function makeFolder(path: string): Promise<string[]> {
  return unavailable(`Making ${path}`, 'Keep the bytes in memory.')
}

export async function removeFile(path: string): Promise<void> {
  unavailable(`Removing ${path}`, 'Nothing needs to be removed.')
}

/** A path from its parts. */
export const joinPath = (...parts: string[]): string => parts.join('/')

/** A page has no environment variables. */
export const environment = (_name: string): string | undefined => undefined

export function cacheFolder(): string {
  return unavailable('A cache folder', 'Use digits(), or pass the IDX files as Blobs.')
}

/** A file that comes with the package, fetched from beside this module. */
export async function readEmbedded(name: string): Promise<Uint8Array> {
  const address = new URL(`./embedded/${name}`, import.meta.url)
  let response: Response
  try {
    response = await fetch(address)
  } catch (error) {
    throw new FileFormatError(
      `${address.pathname} cannot be fetched. Serve Energia's folder "embedded" beside its modules.`,
      {
        cause: error,
      },
    )
  }
  if (!response.ok) {
    throw new FileFormatError(
      `${address.pathname} cannot be fetched (status ${response.status}). Serve Energia's folder "embedded" beside its modules.`,
    )
  }
  return new Uint8Array(await response.arrayBuffer())
}
