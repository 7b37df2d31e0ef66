/** A number that was measured, as it is to be read: "16.54", "98.4 %". */
export interface Measure {
  readonly name: string
  readonly value: number | string
  /** What it means or how it was measured. */
  readonly note?: string
}

/** Everything a model card tells. */
export interface ModelCard {
  /** "256 strokes of handwritten digits". */
  readonly title: string
  /** Which model it is: "sparse-coding". */
  readonly model: string
  /** One or two sentences: what it does and how it was learned; its energy as a formula. */
  readonly summary: string
  readonly data: {
    readonly name: string
    /** How many observations it learned from. */
    readonly observations?: number
    readonly shape: readonly number[]
    /** Where the data is from, and under which licence. */
    readonly source?: string
    readonly licence?: string
    /** "centred, whitened (ZCA)". */
    readonly preprocessing?: string
  }
  /** The settings of the model, as in config.json. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly measures: readonly Measure[]
  readonly tensors: readonly { readonly name: string; readonly dtype: string; readonly shape: readonly number[] }[]
  readonly pictures: readonly { readonly file: string; readonly caption: string }[]
  /** A JavaScript program that loads the model. */
  readonly javascript: string
  /** The version of Energia that made it. */
  readonly energia: string
}

/** The `README.md` of a run: what the model is, what it learned from, how well, and how to load it. A pure function. */
export function modelCard(card: ModelCard): string {
  const { data } = card
  const sections = [
    `# ${line(card.title)}`,
    card.summary.trim(),
    card.pictures
      .map(({ file, caption }) => `![${label(caption)}](${address(file)})\n\n*${line(caption)}*`)
      .join('\n\n'),
    '## Data',
    table(
      ['', ''],
      [
        ['name', data.name],
        ...(data.observations === undefined ? [] : [['observations', grouped(data.observations)]]),
        ['one observation', data.shape.join(' × ') || 'a number'],
        ...present([
          ['preprocessing', data.preprocessing],
          ['source', data.source],
          ['licence', data.licence],
        ]),
      ],
    ),
    '## Settings',
    table(
      ['setting', 'value'],
      flatten(card.settings).map(([name, value]) => [code(name), code(JSON.stringify(value) ?? '')]),
    ),
    card.measures.length > 0 ? '## Measured' : '',
    card.measures.length > 0
      ? table(
          ['', 'value', ''],
          card.measures.map(({ name, value, note }) => [
            name,
            typeof value === 'number' ? significant(value) : value,
            note ?? '',
          ]),
        )
      : '',
    '## Files',
    table(
      ['tensor in model.safetensors', 'type', 'shape'],
      card.tensors.map(({ name, dtype, shape }) => [code(name), dtype, shape.join(' × ') || 'scalar']),
    ),
    '`config.json` holds the settings, `metrics.ndjson` one line of numbers for each step of learning.',
    '## Load it',
    fence('js', card.javascript),
    fence('python', python),
    '## Licence',
    licence(data.name, data.licence),
    `Made by Energia ${line(card.energia)} (model \`${card.model}\`).`,
  ]
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`
}

const python = `import json
from safetensors.numpy import load_file

config = json.load(open("config.json", encoding="utf-8"))
tensors = load_file("model.safetensors")  # name → numpy array`

function licence(data: string, terms: string | undefined): string {
  const about =
    terms === undefined
      ? `The terms of its data (${line(data)}) are not known here`
      : `Its data (${line(data)}) is under: ${line(terms)}`
  return `Energia claims no rights in this model. ${about}; see to it that your use of the model respects them.`
}

/** Settings within settings by their names with dots. */
function flatten(settings: Readonly<Record<string, unknown>>, prefix = ''): [string, unknown][] {
  return Object.entries(settings).flatMap(([name, value]): [string, unknown][] => {
    if (value === undefined) return []
    const nested = typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0
    return nested ? flatten(value as Record<string, unknown>, `${prefix}${name}.`) : [[prefix + name, value]]
  })
}

function present(rows: readonly (readonly [string, string | undefined])[]): string[][] {
  return rows.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`
  return [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')
}

/** Text on one line. */
function line(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

/** Text that neither ends its cell nor its table. */
function cell(text: string): string {
  return line(text).replace(/(?<!\\)\|/g, '\\|')
}

function label(text: string): string {
  return line(text).replace(/[[\]\\]/g, '\\$&')
}

/** A file's name as an address: what would end the address is written by its number. */
function address(file: string): string {
  return encodeURI(file).replace(/[()?#]/g, (character) => `%${character.charCodeAt(0).toString(16)}`)
}

/** Text as code, between more backquotes than it has in a row itself. */
function code(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const quotes = '`'.repeat(longest + 1)
  return longest > 0 ? `${quotes} ${text} ${quotes}` : `${quotes}${text}${quotes}`
}

function fence(language: string, program: string): string {
  const longest = Math.max(2, ...[...program.matchAll(/`+/g)].map(([run]) => run.length))
  const quotes = '`'.repeat(longest + 1)
  return `${quotes}${language}\n${program.trim()}\n${quotes}`
}

/** Five significant digits; whole numbers whole. */
function significant(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  return Number.isInteger(value) ? grouped(value) : String(Number(value.toPrecision(5)))
}

/** 60000 as 60,000. */
function grouped(value: number): string {
  return String(value).replace(/^-?\d+$/, (digits) => digits.replace(/\B(?=(\d{3})+$)/g, ','))
}
