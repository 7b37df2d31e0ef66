import { describe, expect, it } from 'vitest'
import { CancelledError, DataError, EnergiaError, FileFormatError } from '../../src/tensor/errors.js'
import { namedError } from '../../src/tensor/namedError.js'
import { oneLine } from '../../src/tensor/oneLine.js'

describe('text on one line', () => {
  it.each([
    ['a\nb', 'a\\nb'],
    ['a\r\n\tb', 'a\\r\\n\\tb'],
    ['\u001b[31mred', '\\u001b[31mred'],
    ['a\u2028b\u202eb', 'a\\u2028b\\u202eb'],
    ['æ ∂ 漢 \u00a0 🙂', 'æ ∂ 漢 \u00a0 🙂'],
  ])('%j is %j', (text, expected) => {
    expect(oneLine(text)).toBe(expected)
  })

  it('is what errors say, whatever the names in them', () => {
    expect(new DataError('The class cat\ndog has no images.').message).toBe('The class cat\\ndog has no images.')
    const cause = new Error('why')
    expect(new FileFormatError('a\tb', { cause })).toMatchObject({ message: 'a\\tb', cause, name: 'FileFormatError' })
    const named = namedError(namedError(new EnergiaError('It is empty.'), 'a\nb'), 'a\nb') as Error
    expect(named.message).toBe('a\\nb: It is empty.')
  })

  it('is each of several lines', () => {
    expect(new CancelledError(['Go on with', '  energia fit a\nb']).message).toBe('Go on with\n  energia fit a\\nb')
  })
})
