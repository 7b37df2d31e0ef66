import { describe, expect, it } from 'vitest'
import { type ModelCard, modelCard } from '../../src/artifacts/modelCard.js'

const card: ModelCard = {
  title: '256 strokes of handwritten digits',
  model: 'sparse-coding',
  summary: 'Sparse coding: E = ½‖y − Wz‖² + λ‖z‖₁.',
  data: { name: 'digits', observations: 10000, shape: [28, 28], licence: 'CC BY-SA 3.0' },
  settings: { atoms: 256, regularizer: { kind: 'l1', lambda: 1 }, whiten: null, seed: undefined },
  measures: [
    { name: 'objective per observation', value: 16.5397123 },
    { name: 'active | per code', value: 21.2, note: 'on held-out digits' },
    { name: 'atoms in use', value: '98.4 %' },
    { name: 'observations', value: 60000 },
    { name: 'gap', value: 1.23456789e-7 },
  ],
  tensors: [{ name: 'atoms', dtype: 'F32', shape: [256, 28, 28] }],
  pictures: [{ file: 'dictionary (1).png', caption: 'The [dictionary]' }],
  javascript: "import { load } from 'energia'",
  energia: '0.1.0',
}

/** The cells of the table row that begins with `name`. */
function row(text: string, name: string): string[] {
  const found = text.split('\n').find((line) => line.startsWith(`| ${name} |`))
  return found === undefined
    ? []
    : found
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim())
}

describe('a model card', () => {
  const text = modelCard(card)

  it('tells what was given', () => {
    expect(text.startsWith('# 256 strokes of handwritten digits\n\nSparse coding: E = ')).toBe(true)
    expect(row(text, 'observations')).toEqual(['observations', '10,000'])
    expect(row(text, 'one observation')[1]).toBe('28 × 28')
    expect(row(text, '`regularizer.lambda`')[1]).toBe('`1`')
    expect(row(text, '`whiten`')[1]).toBe('`null`')
    expect(row(text, 'objective per observation')[1]).toBe('16.54')
    expect(row(text, 'atoms in use')[1]).toBe('98.4 %')
    expect(row(text, 'gap')[1]).toBe('1.2346e-7')
    expect(row(text, '`atoms`')[1]).toBe('`256`')
    expect(text).toContain('| `atoms` | F32 | 256 × 28 × 28 |')
    expect(text).toContain("```js\nimport { load } from 'energia'\n```")
    expect(text).toContain('load_file("model.safetensors")')
    expect(text).toContain('Its data (digits) is under: CC BY-SA 3.0')
    expect(text).toContain('Energia 0.1.0')
  })

  it('leaves out what is not known', () => {
    expect(text).not.toContain('undefined')
    expect(text).not.toContain('seed')
    const { licence: _, observations: __, ...data } = card.data
    const bare = modelCard({ ...card, data, measures: [], pictures: [] })
    expect(bare).not.toMatch(/undefined|Measured|!\[/)
    expect(bare).toContain('The terms of its data (digits) are not known here')
    expect(bare).not.toMatch(/\n{3}/)
  })

  it('cannot be broken by what stands in it', () => {
    expect(text).toContain('| active \\| per code | 21.2 | on held-out digits |')
    expect(text).toContain('![The \\[dictionary\\]](dictionary%20%281%29.png)')
    const hostile = modelCard({
      ...card,
      title: 'a\n# b',
      data: { ...card.data, name: 'x |\n| y' },
      settings: { 'a`b': 'c|d' },
      javascript: '````\n```',
    })
    expect(hostile).toContain('# a # b\n')
    expect(row(hostile, 'name')).toEqual(['name', 'x \\| \\| y'])
    expect(hostile).toContain('| `` a`b `` | `"c\\|d"` |')
    expect(hostile).toContain('`````js\n````\n```\n`````')
  })
})
