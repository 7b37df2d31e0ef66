import { describe, expect, it } from 'vitest'
import { DataError, FileFormatError } from '../../src/tensor/errors.js'
import { systemCode, systemError } from '../../src/tensor/systemError.js'

const raised = (code: string) => Object.assign(new Error(`${code}: trouble, open 'x'`), { code })

describe('an error of the system', () => {
  it.each([
    ['ENOENT', /there is no such file or folder; check the path/],
    ['ELOOP', /links.*mend the links/],
    ['ENOSPC', /no space is left on the disk; free some/],
    ['ENAMETOOLONG', /too long; choose a shorter one/],
    ['EROFS', /read-only; choose another place/],
    ['EMFILE', /too many files are open; .*raise the limit/],
    ['EACCES', /permission is denied; change the permissions/],
    ['EDQUOT', /quota is used up; free some/],
    ['EIO', /the disk fails; check it/],
    ['EWHATEVER', /the system says EWHATEVER: trouble.*; choose another path/],
  ])('%s becomes one sentence that says what to do', (code, sentence) => {
    const cause = raised(code)
    const error = systemError(cause, 'runs/a/x', 'read')
    expect(error).toBeInstanceOf(FileFormatError)
    expect(error.message).toMatch(/^runs\/a\/x cannot be read: [^.]+(\.[^.]+)*\.$/)
    expect(error.message).toMatch(sentence)
    expect(error.cause).toBe(cause)
  })

  it('says of a file that cannot be made that its folder is the matter', () => {
    const { message } = systemError(raised('ENOENT'), '/proc/x', 'written')
    expect(message).toMatch(/^\/proc\/x cannot be written: no file can be made there; check that its folder is there/)
  })
})

describe('another error', () => {
  it('stays what it is', () => {
    const own = new DataError('The data holds NaN.')
    const defect = new TypeError('x is not a function')
    expect(systemError(own, 'x', 'read')).toBe(own)
    expect(systemError(defect, 'x', 'read')).toBe(defect)
    expect(systemError('thrown text', 'x', 'read').message).toBe('thrown text')
    expect([systemCode(raised('EIO')), systemCode(defect), systemCode(undefined)]).toEqual([
      'EIO',
      undefined,
      undefined,
    ])
  })
})
