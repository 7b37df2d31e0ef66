import { openStore } from '#artifacts/store'
import { makeFolder, writeFileAtomically } from '#data/files'
import { svgToPng } from '#views/raster'
import { checkFree, holding } from '../artifacts/hold.js'
import type { Images } from '../data/observations.js'
import { sharedEngine } from '../kernels/engine.js'
import { CancelledError } from '../tensor/errors.js'
import { version } from '../version.js'
import { type ReportNumber, type ReportSection, report } from '../views/report.js'
import type { ReportClaim } from '../views/reportClaims.js'
import { standaloneSvg } from '../views/standaloneSvg.js'
import { toPng } from '../views/toPng.js'
import { type LectureProgress, openProgress, refuseOthers } from './progress.js'
import type { LectureSection, SectionContext, SectionResult } from './section.js'
import { sections, sectionsOf } from './sections.js'

const TITLE = 'Energia: the lecture'
const REDUCTION = 'This is the reduced form, made in minutes; energia lecture --full makes all of it. What was reduced:'

export interface LectureOptions {
  /** The folder that receives index.html, pictures and models. */
  readonly out: string
  /** Sections to make, by name or by the number of a system; all by default. */
  readonly only?: readonly string[]
  /** Makes all of it, which takes long; the reduced form, made in minutes, by default. */
  readonly full?: boolean
  /** Makes a lecture anew that is there; by default it goes on where it stopped, and sections that it has are kept. */
  readonly overwrite?: boolean
  readonly threads?: number
  readonly seed?: number
  /** Images in colour that kernels in colour are learned from; made-up ones by default. */
  readonly colours?: Images
  readonly signal?: AbortSignal
  readonly onProgress?: (event: { section: string; message: string; fraction: number }) => void
}

/** What a lecture leaves. */
export interface Lecture {
  /** The path of the page. */
  readonly report: string
  /** What is claimed of each system, and whether it holds, in the order of the page; a system may be in several sections. */
  readonly claims: readonly (ReportClaim & { readonly section: string })[]
  readonly numbers: readonly ReportNumber[]
  /** What the reduced form reduced, a sentence a section. */
  readonly reduced: readonly { readonly section: string; readonly what: string }[]
}

/**
 * Learns the lecture's figures and writes them as one page, with pictures as files and the models beside it. A lecture that was
 * interrupted goes on: sections that were finished are kept, and models that had begun go on from their checkpoints, to the same
 * results. The page shows every section that the folder has.
 * Throws ConfigurationError for a section that does not exist and where the folder holds something else or a lecture with other
 * settings, FileFormatError where another process makes a lecture there, CancelledError where the signal fires.
 */
export async function lecture(options: LectureOptions): Promise<Lecture> {
  const { out } = options
  const wanted = sectionsOf(options.only)
  const store = openStore(out)
  await checkFree(store)
  await refuseOthers(out, TITLE)
  return holding(store, () => make(options, wanted))
}

async function make(options: LectureOptions, wanted: readonly LectureSection[]): Promise<Lecture> {
  const { out, seed = 0, full = false, overwrite = false, colours, signal } = options
  const settings = {
    ...{ version, seed, full },
    colours: colours === undefined ? 'made up' : `${colours.count} images of ${colours.name}`,
  }
  const progress = await openProgress(out, settings, overwrite)
  await makeFolder(out)
  const file = `${out}/index.html`
  const write = async (content: Parameters<typeof report>[0]) =>
    writeFileAtomically(file, new TextEncoder().encode(await report(content)))
  const lead = 'This page is being made; it is there when energia lecture has ended.'
  await write({ title: TITLE, lead, sections: [] })
  for (const [place, section] of wanted.entries()) {
    const say: SectionContext['say'] = (message, fraction) =>
      options.onProgress?.({ section: section.name, message, fraction: (place + fraction) / wanted.length })
    const context = {
      name: section.name,
      out,
      full,
      seed,
      threads: options.threads,
      signal,
      progress: progress.store,
      say,
    }
    await unlessStopped(signal, () =>
      finish(section, { ...context, ...(colours === undefined ? {} : { colours }) }, progress),
    )
  }
  const made: { readonly section: LectureSection; readonly result: SectionResult; readonly seconds: number }[] = []
  for (const section of sections) {
    const kept = await progress.result(section.name)
    if (kept) made.push({ section, ...kept })
  }
  const { threads } = await sharedEngine(options.threads)
  const seconds = made.reduce((sum, each) => sum + each.seconds, 0)
  const content = made.map(({ section, result }) => titled(section, result))
  await write({
    title: TITLE,
    lead: 'What the lecture on regularized latent-variable energy-based models describes, learned on this machine from real digits and photographs, with the numbers measured here.',
    sections: content,
    reduction: REDUCTION,
    environment: {
      Energia: version,
      form: full ? 'full' : 'reduced',
      seed,
      threads,
      seconds: Math.round(seconds),
      made: new Date().toISOString().slice(0, 16).replace('T', ' '),
    },
  })
  const numbers = made.flatMap(({ section, result }) =>
    (result.section.numbers ?? []).map((number) => ({ ...number, label: `${section.name}: ${number.label}` })),
  )
  return {
    report: file,
    claims: made.flatMap(({ section, result }) =>
      (result.section.claims ?? []).map((claim) => ({ ...claim, section: section.name })),
    ),
    numbers: [...numbers, { label: 'Seconds in all', value: seconds, unit: 's' }],
    reduced: made.flatMap(({ section, result }) =>
      result.reduced === undefined ? [] : [{ section: section.name, what: result.reduced }],
    ),
  }
}

/** Makes a section and writes what it shows, unless it is there. */
async function finish(section: LectureSection, context: SectionContext, progress: LectureProgress): Promise<void> {
  const { out, say } = context
  if (await progress.store.exists(`${section.name}.safetensors`)) {
    say('is there already', 1)
    return
  }
  const begun = performance.now()
  const result = await section.make(context)
  for (const [file, picture] of Object.entries(result.pictures)) {
    await writeFileAtomically(`${out}/${file}`, await toPng(picture))
  }
  for (const [file, svg] of Object.entries(result.charts)) {
    const standalone = standaloneSvg(svg)
    await writeFileAtomically(`${out}/${file}`, new TextEncoder().encode(standalone))
    await writeFileAtomically(`${out}/${file.replace(/svg$/, 'png')}`, await svgToPng(standalone))
  }
  await progress.keep(section.name, { result, seconds: (performance.now() - begun) / 1000 })
}

/** A section as the page has it: its heading tells the systems that it is about. */
function titled({ name, systems }: LectureSection, { section, reduced }: SectionResult): ReportSection {
  const [first, last] = [systems[0], systems.at(-1)]
  const numbers = first === last ? `${first}` : `${first}–${last}`
  return {
    ...section,
    id: name,
    heading: `${numbers}. ${section.heading}`,
    ...(reduced === undefined ? {} : { reduced }),
  }
}

/** What is made; where the signal fires, the lecture's own words. */
async function unlessStopped<T>(signal: AbortSignal | undefined, make: () => Promise<T>): Promise<T> {
  try {
    if (!signal?.aborted) return await make()
  } catch (error) {
    if (!(error instanceof CancelledError)) throw error
  }
  throw new CancelledError('The lecture was stopped; start it again with the same options and folder to go on.')
}
