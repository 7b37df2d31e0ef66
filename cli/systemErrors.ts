/*
 * What the codes of operating systems mean to someone at a command line. The library explains those that it meets itself;
 * these reach the command line, some before the library could be loaded, and so are not looked up there.
 */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such place, or one that takes no files; check the path',
  EACCES: 'permission is denied; change the permissions, or choose another path',
  EPERM: 'permission is denied; change the permissions, or choose another path',
  EISDIR: 'it is a folder; give the name of a file',
  ENOTDIR: 'a part of its path is a file; choose another path',
  EEXIST: 'a part of its path is a file; choose another path',
  ELOOP: 'its links lead round in a circle; mend the links, or choose another path',
  ENAMETOOLONG: 'its name is too long; choose a shorter one',
  ENOSPC: 'no space is left on the disk; free some, or choose another place',
  EDQUOT: 'the disk quota is used up; free some space, or choose another place',
  EFBIG: 'the file would be larger than the disk or a limit allows; choose another place',
  EROFS: 'the disk is read-only; choose another place',
  EMFILE: 'too many files are open; close some programs, or raise the limit (ulimit -n)',
  ENFILE: 'too many files are open on this machine; close some programs',
  EBUSY: 'another program holds it; close that program, and run again',
  ETXTBSY: 'another program holds it; close that program, and run again',
  EIO: 'the disk or terminal fails; check it, or choose another one',
  ENOMEM: 'memory is used up; close some programs, or work on less at once',
  EAGAIN: 'the system has no room for more at the moment; close some programs, and run again',
}

/** The code of an error that the system raised, as ENOENT; undefined for any other error. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined
  return /^E[A-Z0-9]+$/.test(error.code) ? error.code : undefined
}

/** A failure of the system in a sentence: what could not be done, why, and what to do. */
export function systemSentence(error: Error, failed = failedWork(error)): string {
  const reason = reasons[systemCode(error) ?? '']
  return `${failed}: ${reason ?? `the system says ${error.message}; run again, or choose another path`}.`
}

function failedWork(error: Error): string {
  if ('path' in error && typeof error.path === 'string') return `${error.path} cannot be used`
  return 'syscall' in error && error.syscall === 'write' ? 'standard output cannot be written' : 'the system fails'
}
