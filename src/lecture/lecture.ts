import { listFolder, makeFolder, openFile, pathKind, writeFileAtomically } from '#data/files'
import { svgToPng } from '#views/raster'
import type { Images } from '../data/observations.js'
import { sharedEngine } from '../kernels/engine.js'
import { CancelledError, ConfigurationError } from '../tensor/errors.js'
import { version } from '../version.js'
import { type ReportNumber, report } from '../views/report.js'
import { standaloneSvg } from '../views/standaloneSvg.js'
import { toPng } from '../views/toPng.js'
import { balls } from './balls.js'
import { colour } from './colour.js'
import { completions } from './completions.js'
import { convergence } from './convergence.js'
import { convolution } from './convolution.js'
import { edges } from './edges.js'
import { landscape } from './landscape.js'
import { lista } from './lista.js'
import type { SectionContext, SectionName, SectionResult } from './section.js'
import { strokes } from './strokes.js'
import { vae } from './vae.js'

const sections: Readonly<Record<SectionName, (context: SectionContext) => Promise<SectionResult>>> = {
  landscape,
  completions,
  strokes,
  convergence,
  edges,
  convolution,
  colour,
  lista,
  vae,
  balls,
}

const TITLE = 'Energia: the lecture'

/** The sections of the lecture, in its order. */
export const sectionNames: readonly SectionName[] = [
  'landscape',
  'completions',
  'strokes',
  'convergence',
  'lista',
  'edges',
  'convolution',
  'colour',
  'vae',
  'balls',
]

export interface LectureOptions {
  /** The folder that receives index.html, pictures and models. */
  readonly out: string
  /** Sections to make; all by default. */
  readonly only?: readonly SectionName[]
  readonly threads?: number
  readonly seed?: number
  /** Images in colour that kernels in colour are learned from; made-up ones by default. */
  readonly colours?: Images
  readonly signal?: AbortSignal
  readonly onProgress?: (event: { section: string; message: string; fraction: number }) => void
}

/**
 * Learns the lecture's figures and writes them as one page, with pictures as files and the models beside it.
 * Throws ConfigurationError for a section that does not exist, CancelledError where the signal fires.
 */
export async function lecture(options: LectureOptions): Promise<{ report: string; numbers: ReportNumber[] }> {
  const { out, seed = 0, only = sectionNames } = options
  const unknown = only.find((name) => !sectionNames.includes(name))
  if (unknown !== undefined || only.length === 0) {
    throw new ConfigurationError(`The lecture has no section "${unknown ?? ''}"; it has ${sectionNames.join(', ')}.`)
  }
  const begun = performance.now()
  const file = `${out}/index.html`
  await refuseOthers(out, file)
  await makeFolder(out)
  const write = async (content: Parameters<typeof report>[0]) =>
    writeFileAtomically(file, new TextEncoder().encode(await report(content)))
  await write({
    title: TITLE,
    lead: 'This page is being made; it is there when energia lecture has ended.',
    sections: [],
  })
  const wanted = sectionNames.filter((name) => only.includes(name))
  const results: { name: SectionName; result: SectionResult }[] = []
  for (const [place, name] of wanted.entries()) {
    const result = await unlessStopped(options.signal, () =>
      sections[name]({
        out,
        seed,
        threads: options.threads,
        signal: options.signal,
        ...(options.colours ? { colours: options.colours } : {}),
        say: (message, fraction) =>
          options.onProgress?.({ section: name, message, fraction: (place + fraction) / wanted.length }),
      }),
    )
    for (const [file, picture] of Object.entries(result.pictures)) {
      await writeFileAtomically(`${out}/${file}`, await toPng(picture))
    }
    for (const [file, svg] of Object.entries(result.charts)) {
      const standalone = standaloneSvg(svg)
      await writeFileAtomically(`${out}/${file}`, new TextEncoder().encode(standalone))
      await writeFileAtomically(`${out}/${file.replace(/svg$/, 'png')}`, await svgToPng(standalone))
    }
    results.push({ name, result })
  }
  const { threads } = await sharedEngine(options.threads)
  const seconds = (performance.now() - begun) / 1000
  await write({
    title: TITLE,
    lead: 'What the lecture on regularized latent-variable energy-based models describes, learned on this machine from real digits and photographs, with the numbers measured here.',
    sections: results.map(({ result }) => result.section),
    environment: {
      Energia: version,
      seed,
      threads,
      seconds: Math.round(seconds),
      made: new Date().toISOString().slice(0, 16).replace('T', ' '),
    },
  })
  const numbers = results.flatMap(({ name, result }) =>
    result.numbers.map((number) => ({ ...number, label: `${name}: ${number.label}` })),
  )
  return { report: file, numbers: [...numbers, { label: 'Seconds in all', value: seconds, unit: 's' }] }
}

/** Throws {@link ConfigurationError} unless the folder is new, empty, or holds a lecture, which is made anew. */
async function refuseOthers(folder: string, page: string): Promise<void> {
  const kind = await pathKind(folder)
  if (kind === undefined || (kind === 'folder' && (await listFolder(folder)).length === 0)) return
  if (kind === 'folder' && (await pathKind(page)) === 'file') {
    const handle = await openFile(page)
    try {
      const head = await handle.read(0, Math.min(handle.size, 4096))
      if (new TextDecoder().decode(head).includes(`<title>${TITLE}</title>`)) return
    } finally {
      await handle.close()
    }
  }
  throw new ConfigurationError(
    `${folder} holds something else than a lecture and is left alone; choose another folder.`,
  )
}

/** A section's result; where the signal fires, the lecture's own words, for it is made anew and not resumed. */
async function unlessStopped<T>(signal: AbortSignal | undefined, make: () => Promise<T>): Promise<T> {
  try {
    if (!signal?.aborted) return await make()
  } catch (error) {
    if (!(error instanceof CancelledError)) throw error
  }
  throw new CancelledError('The lecture was stopped; start it again to make it anew.')
}
