import { openStore } from '#artifacts/store'
import { listFolder, listFolders, openFile, pathKind } from '#data/files'
import { describeDifferences, differences } from '../artifacts/fingerprint.js'
import { decodeText, parseJson } from '../artifacts/json.js'
import type { Store } from '../artifacts/store.js'
import { boolean, object, text, whole } from '../artifacts/validate.js'
import { ConfigurationError } from '../tensor/errors.js'
import { decodeResult, encodeResult, type KeptResult } from './keptResult.js'

/** What must be the same where a lecture goes on. */
export interface LectureSettings {
  readonly version: string
  readonly seed: number
  readonly full: boolean
  /** Where images in colour come from. */
  readonly colours: string
}

const validSettings = object({ version: text, seed: whole(), full: boolean, colours: text })
const settingsFile = 'lecture.json'
const resultFile = (name: string) => `${name}.safetensors`

/** How far a lecture has come: its settings and the results of the sections that are finished, in a folder of its own. */
export interface LectureProgress {
  readonly store: Store
  /** Whether a lecture was there that goes on. */
  readonly goesOn: boolean
  /** A section that is finished. */
  result(name: string): Promise<KeptResult | undefined>
  keep(name: string, result: KeptResult): Promise<void>
}

/**
 * The progress of the lecture in a folder: what is there goes on, unless `overwrite`, which forgets it. Throws {@link ConfigurationError}
 * where the folder holds a lecture with other settings.
 */
export async function openProgress(
  out: string,
  settings: LectureSettings,
  overwrite: boolean,
): Promise<LectureProgress> {
  const store = openStore(`${out}/progress`)
  await store.sweep()
  const goesOn = !overwrite && (await store.exists(settingsFile))
  if (goesOn) {
    const where = `${store.path}/${settingsFile}`
    const there = validSettings(parseJson(decodeText(await store.read(settingsFile), where), where), where)
    const found = differences(there, settings)
    if (found.length > 0) {
      throw new ConfigurationError(
        `${out} holds a lecture made with other settings: ${describeDifferences(found)}. Give those to go on with it, --overwrite to make it anew, or another folder.`,
      )
    }
  } else {
    const old = await store.list()
    await store.writeAtomic(settingsFile, new TextEncoder().encode(`${JSON.stringify(settings, undefined, 2)}\n`), {
      removing: old.filter((file) => file !== settingsFile && !file.endsWith('/')),
    })
  }
  return {
    store,
    goesOn,
    async result(name) {
      const file = resultFile(name)
      if (!(await store.exists(file))) return undefined
      return decodeResult(await store.read(file), `${store.path}/${file}`)
    },
    async keep(name, result) {
      await store.writeAtomic(resultFile(name), encodeResult(result))
    },
  }
}

/** Throws {@link ConfigurationError} unless the folder is new, empty, or holds a lecture. */
export async function refuseOthers(folder: string, title: string): Promise<void> {
  const kind = await pathKind(folder)
  if (kind === undefined || (kind === 'folder' && (await barelyBegun(folder)))) return
  const page = `${folder}/index.html`
  if (kind === 'folder' && (await pathKind(page)) === 'file') {
    const handle = await openFile(page)
    try {
      const head = await handle.read(0, Math.min(handle.size, 4096))
      if (new TextDecoder().decode(head).includes(`<title>${title}</title>`)) return
    } finally {
      await handle.close()
    }
  }
  throw new ConfigurationError(
    `${folder} holds something else than a lecture and is left alone; choose another folder.`,
  )
}

/** Whether a folder is empty, or holds the progress alone of a lecture that was interrupted before it had a page. */
async function barelyBegun(folder: string): Promise<boolean> {
  if ((await listFolder(folder)).length > 0) return false
  const folders = await listFolders(folder)
  if (folders.length === 0) return true
  if (folders.length > 1 || !/[\\/]progress$/.test(folders[0])) return false
  const [progress] = folders
  const settings = (await pathKind(`${progress}/${settingsFile}`)) === 'file'
  return settings || [...(await listFolder(progress)), ...(await listFolders(progress))].length === 0
}
