import { canonicalJson } from '../artifacts/fingerprint.js'
import { parseJson } from '../artifacts/json.js'
import { decodeSafetensors, encodeSafetensors, storedTensor } from '../artifacts/safetensors.js'
import { array, boolean, number, object, oneOf, optional, record, text, type Validator } from '../artifacts/validate.js'
import type { Picture } from '../data/picture.js'
import { ConfigurationError, FileFormatError } from '../tensor/errors.js'
import type { ReportFigure } from '../views/report.js'
import type { SectionResult } from './section.js'

/** A finished section, with the seconds that it took. */
export interface KeptResult {
  readonly result: SectionResult
  readonly seconds: number
}

const validNumber: Validator<number | string> = (value, path) =>
  typeof value === 'string' ? value : number()(value, path)

const validResult = object({
  seconds: number({ min: 0 }),
  reduced: optional(text),
  charts: record(text),
  heading: text,
  prose: optional(array(text)),
  claims: optional(array(object({ number: number(), title: text, said: text, holds: boolean, measured: text }))),
  numbers: optional(array(object({ label: text, value: validNumber, unit: optional(text), note: optional(text) }))),
  program: optional(text),
  figures: array(object({ caption: text, alt: text, width: optional(oneOf('full', 'half')), file: text })),
})

/**
 * A finished section as the bytes of a safetensors file: pictures as tensors [height, width, channels] by their file names, the rest
 * as JSON in its metadata. Throws {@link ConfigurationError} for a figure that is none of the section's pictures and charts.
 */
export function encodeResult({ result, seconds }: KeptResult): Uint8Array {
  const { section, pictures, charts, reduced } = result
  const { figures = [], ...rest } = section
  const content = { ...rest, reduced, seconds, charts, figures: figures.map((figure) => described(figure, result)) }
  const tensors = Object.entries(pictures).map(([file, { width, height, channels, pixels }]) => [
    file,
    storedTensor(pixels, [height, width, channels]),
  ])
  return encodeSafetensors(Object.fromEntries(tensors), { section: canonicalJson(content, 'The section') })
}

/** A finished section from its file. Throws {@link FileFormatError} where that is damaged. */
export function decodeResult(bytes: Uint8Array, path: string): KeptResult {
  const { tensors, metadata } = decodeSafetensors(bytes, path)
  const content = validResult(parseJson(metadata.section ?? '', path), `${path}: section`)
  const { seconds, reduced, charts, figures, ...rest } = content
  const pictures: Record<string, Picture> = {}
  for (const [file, { data, shape }] of Object.entries(tensors)) {
    const [height, width, channels] = shape
    if (!(data instanceof Uint8Array) || (channels !== 1 && channels !== 3 && channels !== 4)) {
      throw new FileFormatError(`${path} holds ${file}, which is no picture of 8 bits. Make the lecture anew.`)
    }
    pictures[file] = { width, height, channels, pixels: data }
  }
  const restored = figures.map(({ file, ...figure }): ReportFigure => {
    if (Object.hasOwn(pictures, file)) return { ...figure, picture: pictures[file] }
    if (Object.hasOwn(charts, file)) return { ...figure, svg: charts[file] }
    throw new FileFormatError(`${path} lacks ${file}, which its page shows. Make the lecture anew.`)
  })
  const section = { ...rest, figures: restored }
  return { seconds, result: { section, pictures, charts, ...(reduced === undefined ? {} : { reduced }) } }
}

/** A figure with the name of its picture's or chart's file in their place. */
function described(figure: ReportFigure, { pictures, charts }: SectionResult): object {
  const files: readonly (readonly [string, Picture | string])[] = [
    ...Object.entries(pictures),
    ...Object.entries(charts),
  ]
  const shown = 'picture' in figure ? figure.picture : figure.svg
  const file = files.find(([, content]) => content === shown)?.[0]
  if (file === undefined) {
    throw new ConfigurationError(
      `The figure "${figure.caption}" is none of its section's pictures and charts; add it there.`,
    )
  }
  const { caption, alt, width } = figure
  return { caption, alt, ...(width === undefined ? {} : { width }), file }
}
