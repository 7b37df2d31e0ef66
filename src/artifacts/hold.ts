import { processStanding, thisProcess } from '#artifacts/process'
import { FileFormatError } from '../tensor/errors.js'
import { decodeText, parseJson } from './json.js'
import { type Holder, type ProcessStanding, validHolder } from './processMark.js'
import { lockFile, type Store } from './store.js'

/** How often to try where others let go of the place, or take it over, at the same time; and milliseconds between. */
const TRIES = 200
const PAUSE = 20

/**
 * Does work that writes a place, which nothing else writes meanwhile: a file there says who holds it, from before anything else is touched
 * until the work has ended, however it ends. What a killed process left does not hold: the process is asked for by its number and the
 * time of its beginning. Throws {@link FileFormatError} where the place is held, or may be, and changes nothing then.
 */
export async function holding<T>(store: Store, work: () => Promise<T>): Promise<T> {
  const letGo = await hold(store, lockFile)
  try {
    for (const name of await store.claims()) if (name !== lockFile) await store.remove(name)
    return await work()
  } finally {
    await letGo()
  }
}

/** Throws {@link FileFormatError} where a place is held by other work; changes nothing. */
export async function checkFree(store: Store): Promise<void> {
  if (!(await store.claims()).includes(lockFile)) return
  const holder = await holderOf(store, lockFile)
  if (holder) refuseHeld(store, lockFile, holder)
}

/**
 * Takes a lock; gives what lets go of it. One that was left may be removed only by whoever holds the lock `name.TOKEN` of its
 * token, so that of two that find it none removes the new lock of the other.
 */
async function hold(store: Store, name: string): Promise<() => Promise<void>> {
  const random = crypto.getRandomValues(new Uint32Array(2))
  const token = Array.from(random, (part) => part.toString(16).padStart(8, '0')).join('')
  const holder: Holder = { ...thisProcess(), token, since: Date.now() }
  for (let left = TRIES; ; left--) {
    const letGo = await store.claim(name, `${JSON.stringify(holder)}\n`)
    if (letGo) return letGo
    const there = await holderOf(store, name)
    if (!there) continue
    if (left > 0 && name !== lockFile && processStanding(there) === 'runs') {
      await pause() // it removes a lock that was left, which is soon done
      continue
    }
    refuseHeld(store, name, there)
    await removeLeft(store, name, there)
  }
}

async function removeLeft(store: Store, name: string, { token }: Holder): Promise<void> {
  const letGo = await hold(store, `${name}.${token}`)
  try {
    if ((await holderOf(store, name))?.token === token) await store.remove(name)
  } finally {
    await letGo()
  }
}

/** Who holds a lock; nobody where there is none. Throws {@link FileFormatError} where the lock does not tell. */
async function holderOf(store: Store, name: string): Promise<Holder | undefined> {
  const where = `${store.path}/${name}`
  for (let left = 10; ; left--) {
    if (!(await store.exists(name))) return undefined
    try {
      return validHolder(parseJson(decodeText(await store.read(name), where), where), where)
    } catch (error) {
      // It may have gone since, or be half written on a disk that cannot do that at once.
      if (left > 0) await pause()
      else if (await store.exists(name)) {
        throw new FileFormatError(
          `${where} says that another process writes ${store.path}, but not which; make sure that none does, remove that file, and run again.`,
          { cause: error },
        )
      }
    }
  }
}

/** Throws {@link FileFormatError} unless the holder has ended. */
function refuseHeld(store: Store, name: string, holder: Holder): void {
  const sentence = advice[processStanding(holder)]
  if (sentence) throw new FileFormatError(sentence(store, `${store.path}/${name}`, holder))
}

const advice: Readonly<Record<ProcessStanding, ((store: Store, lock: string, holder: Holder) => string) | undefined>> =
  {
    gone: undefined,
    runs: ({ path }, _, holder) =>
      `${path} is being written by ${named(holder)} since ${timeOf(holder)}; wait until that has ended, stop it, or choose another folder.`,
    unsure: ({ path }, lock, holder) =>
      `${path} is being written by ${named(holder)} since ${timeOf(holder)}; wait until that has ended, stop it, or choose another folder. If process ${holder.process} is another program by now, remove ${lock} and run again.`,
    elsewhere: ({ path }, lock, holder) =>
      `${path} is being written by process ${holder.process} on ${holder.host} since ${timeOf(holder)}, and whether that still runs cannot be seen from here; wait until it has ended, or choose another folder. If it was killed, remove ${lock} and run again.`,
  }

function named({ process, host, started }: Holder): string {
  const own = thisProcess()
  if (process !== own.process || host !== own.host || started !== own.started) return `process ${process}`
  return process === 0 ? 'other work of this page' : `other work of this process (${process})`
}

/** In universal time, as 2026-11-28 19:05:00 UTC. */
const timeOf = ({ since }: Holder): string => `${new Date(since).toISOString().slice(0, 19).replace('T', ' ')} UTC`

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, PAUSE))
