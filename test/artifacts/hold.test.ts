import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkFree, holding } from '../../src/artifacts/hold.js'
import { memoryStore } from '../../src/artifacts/memoryStore.js'
import { thisProcess } from '../../src/artifacts/process.node.js'
import { type ProcessMark, standingOf } from '../../src/artifacts/processMark.js'
import { createRun, holdingRun } from '../../src/artifacts/runFolder.js'
import { lockFile, type Store } from '../../src/artifacts/store.js'
import { openStore } from '../../src/artifacts/store.node.js'
import { FileFormatError } from '../../src/tensor/errors.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'energia-hold-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const lockOf = (mark: Partial<ProcessMark>): string =>
  JSON.stringify({ ...thisProcess(), ...mark, token: 'left', since: Date.UTC(2026, 0, 2, 3, 4, 5) })

/** The number of a process that has ended. */
async function ended(): Promise<number> {
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'exit')
  return child.pid!
}

describe.each<[string, () => Store]>([
  ['on disk', () => openStore(join(folder, 'new', 'place'))],
  ['in memory', () => memoryStore('place')],
])('a place %s', (_, open) => {
  it('is held by one piece of work at a time, and let go of however that ends', async () => {
    const store = open()
    await expect(
      holding(store, async () => {
        expect(await store.exists(lockFile)).toBe(true)
        expect(await store.list()).toEqual([])
        for (const other of [checkFree(store), holding(store, async () => {})]) {
          await expect(other).rejects.toThrow(FileFormatError)
          await expect(other).rejects.toThrow(
            /place is being written by other (work of this process|process).* since .* UTC; wait until .* or choose another folder/,
          )
        }
        throw new Error('failed')
      }),
    ).rejects.toThrow('failed')
    await checkFree(store)
    expect(await store.exists(lockFile)).toBe(false)
    expect(await holding(store, async () => 7)).toBe(7)
  })

  it('is given to each of many who want it at once, or refused', async () => {
    const store = open()
    let [inside, most, done] = [0, 0, 0]
    const all = Array.from({ length: 20 }, () =>
      holding(store, async () => {
        most = Math.max(most, ++inside)
        await store.writeAtomic('a', Uint8Array.of(1))
        inside--
        done++
      }),
    )
    const outcomes = await Promise.allSettled(all)
    const refused = outcomes.filter(({ status }) => status === 'rejected').length
    expect([most, done + refused]).toEqual([1, 20])
    expect(done).toBeGreaterThan(0)
    expect(await store.claims()).toEqual([])
  })

  it('that many find left is taken over by one at a time', async () => {
    const store = open()
    const gone = await ended()
    for (let round = 0; round < 10; round++) {
      await store.claim(lockFile, lockOf({ process: gone, started: '1' }))
      let [inside, most, done] = [0, 0, 0]
      await Promise.allSettled(
        Array.from({ length: 8 }, () =>
          holding(store, async () => {
            most = Math.max(most, ++inside)
            await new Promise((resolve) => setTimeout(resolve, 1))
            inside--
            done++
          }),
        ),
      )
      expect(most).toBe(1)
      expect(done).toBeGreaterThan(0)
      expect(await store.claims()).toEqual([])
    }
  })
})

describe('a lock that was left', () => {
  const hold = (lock: string): Promise<string> => {
    writeFileSync(join(folder, lockFile), lock)
    return holding(openStore(folder), async () => 'held')
  }

  it('by a process that has ended, or whose number is another’s by now, or from before the machine started anew, is taken over', async () => {
    expect(await hold(lockOf({ process: await ended() }))).toBe('held')
    const own = thisProcess()
    if (own.started !== '') expect(await hold(lockOf({ process: process.ppid, started: '1' }))).toBe('held')
    if (own.boot !== '' && own.machine !== '') expect(await hold(lockOf({ boot: 'before' }))).toBe('held')
    expect(readdirSync(folder)).toEqual([])
  })

  it('together with one of whoever was removing it is taken over', async () => {
    const left = lockOf({ process: await ended() })
    writeFileSync(join(folder, `${lockFile}.left`), left)
    writeFileSync(join(folder, `${lockFile}.earlier`), left)
    expect(await hold(left)).toBe('held')
    expect(readdirSync(folder)).toEqual([])
  })

  it('on another machine is left alone, with what to do', async () => {
    const elsewhere = lockOf({ host: 'otherhost', machine: 'other', boot: 'other', process: 12 })
    await expect(hold(elsewhere)).rejects.toThrow(
      `${folder} is being written by process 12 on otherhost since 2026-01-02 03:04:05 UTC, and whether that still runs cannot be seen from here; wait until it has ended, or choose another folder. If it was killed, remove ${folder}/${lockFile} and run again.`,
    )
    expect(readdirSync(folder)).toEqual([lockFile])
  })

  it('that is damaged is left alone, with what to do', async () => {
    await expect(hold('{')).rejects.toThrow(/but not which; make sure that none does, remove that file, and run again/)
    expect(readdirSync(folder)).toEqual([lockFile])
  })
})

it('a process is told from another of its number, from one of another container, and from one before the machine started anew', () => {
  const own: ProcessMark = { host: 'a', machine: 'm', boot: 'b', space: 's', process: 1, started: '10' }
  const standing = (mark: Partial<ProcessMark>, started = '10', runs = true, self = own) =>
    standingOf({ ...own, ...mark }, self, () => ({ runs, started }))
  expect(standing({})).toBe('runs')
  expect(standing({}, '11')).toBe('gone')
  expect(standing({}, '10', false)).toBe('gone')
  expect(standing({}, '')).toBe('unsure')
  expect(standing({ started: '' })).toBe('unsure')
  expect(standing({ space: 't' })).toBe('elsewhere')
  expect(standing({ boot: 'c' })).toBe('gone')
  expect(standing({ boot: 'c', host: 'd' })).toBe('elsewhere')
  expect(standing({ boot: 'c', machine: '' })).toBe('elsewhere')
  expect(standing({ host: 'renamed' })).toBe('runs')
  // A system that names no boot, as macOS and Windows.
  const plain = { ...own, machine: '', boot: '', space: '' }
  expect(standing(plain, '10', true, plain)).toBe('runs')
  expect(standing(plain, '10', false, plain)).toBe('gone')
  expect(standing({ ...plain, host: 'd' }, '10', true, plain)).toBe('elsewhere')
})

describe('work that makes a run', () => {
  it('holds its folder, which is gone again where nothing was written', async () => {
    const path = join(folder, 'runs', 'a')
    const failing = holdingRun({ run: path }, async () => {
      expect(existsSync(join(path, lockFile))).toBe(true)
      throw new Error('failed')
    })
    await expect(failing).rejects.toThrow('failed')
    expect(readdirSync(folder)).toEqual([])
  })

  it('is told who holds the folder before it is told what stands there, and leaves a finished run and other files alone', async () => {
    const path = join(folder, 'a')
    await holdingRun({ run: path }, async () => {
      await (await createRun(path)).begin('m', {})
      for (const options of [{}, { resume: true }, { overwrite: true }]) {
        await expect(holdingRun({ run: path, ...options }, async () => {})).rejects.toThrow(/is being written by/)
      }
    })
    await expect(holdingRun({ run: path }, async () => {})).rejects.toThrow(/holds a run already/)
    writeFileSync(join(folder, 'thesis.tex'), '')
    await expect(holdingRun({ run: folder, overwrite: true }, async () => {})).rejects.toThrow(/left alone/)
    expect(readdirSync(folder).sort()).toEqual(['a', 'thesis.tex'])
    expect(await holdingRun({}, async () => 'nowhere')).toBe('nowhere')
  })
})
