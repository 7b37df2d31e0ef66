import { EnergiaError, FileFormatError } from './errors.js'

/** What the codes of operating systems mean, and what to do. */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder; check the path',
  EACCES: 'permission is denied; change the permissions, or choose another path',
  EPERM: 'permission is denied; change the permissions, or choose another path',
  EISDIR: 'it is a folder; name a file',
  ENOTDIR: 'a part of its path is a file where a folder is needed; choose another path',
  EEXIST: 'a part of its path is a file where a folder is needed; choose another path',
  ENOTEMPTY: 'the folder is not empty; empty it, or choose another one',
  ELOOP: 'its links lead round in a circle; mend the links, or choose another path',
  ENAMETOOLONG: 'its name is too long; choose a shorter one',
  ENOSPC: 'no space is left on the disk; free some, or choose another place',
  EDQUOT: 'the disk quota is used up; free some space, or choose another place',
  EFBIG: 'the file would be larger than the disk or a limit allows; write less at once, or choose another place',
  EROFS: 'the disk is read-only; choose another place',
  EMFILE: 'too many files are open; close some programs, or raise the limit (ulimit -n)',
  ENFILE: 'too many files are open on this machine; close some programs',
  EBUSY: 'another program holds it; close that program, and run again',
  ETXTBSY: 'another program holds it; close that program, and run again',
  EIO: 'the disk fails; check it, or choose another one',
  ENXIO: 'there is no device behind it; choose another path',
  ENODEV: 'there is no device behind it; choose another path',
  EINVAL: 'the system does not do that there; choose another path',
  ENOTSUP: 'the system does not do that there; choose another path',
  ESTALE: 'the network disk has let go of it; mount the disk again',
}

/** The code of an error that the system raised, as ENOENT; undefined for any other error. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/**
 * What to throw for an error met while doing `verb` ("read", "written", …) to `path`: a code of the system becomes a
 * {@link FileFormatError} that says in a sentence what it means and what to do; other errors stay what they are.
 */
export function systemError(error: unknown, path: string, verb: string): Error {
  if (error instanceof EnergiaError) return error
  if (!(error instanceof Error)) return new Error(String(error))
  const code = systemCode(error)
  if (code === undefined) return error
  // A file that is to be made cannot be missing: it is the folder that is, or one like /proc that takes no files.
  const unmade = code === 'ENOENT' && verb === 'written'
  const reason = unmade
    ? 'no file can be made there; check that its folder is there, or choose another one'
    : (reasons[code] ?? `the system says ${error.message}; choose another path`)
  return new FileFormatError(`${path} cannot be ${verb}: ${reason}.`, { cause: error })
}
