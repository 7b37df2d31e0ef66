/** Adds a batch of codes to the statistics; each atom's sums run over observations in order, so any split gives the same bits. */
import { Learning } from './learning'

/** Sorts the batch's codes by atom (counting sort). */
export function transposeCodes(pointer: usize): void {
  const batch = changetype<Learning>(pointer)
  const starts = batch.atomStarts
  memory.fill(starts, 0, <usize>(batch.k + 1) << 2)
  for (let i = 0; i < batch.n; i++) {
    const base = (<usize>i * <usize>batch.capacity) << 2
    const count = load<i32>(batch.counts + (<usize>i << 2))
    for (let at = 0; at < count; at++) {
      const place = starts + (<usize>load<i32>(batch.indices + base + (<usize>at << 2)) << 2)
      store<i32>(place, load<i32>(place, 4) + 1, 4)
    }
  }
  for (let j = 0; j < batch.k; j++) {
    const place = starts + (<usize>j << 2)
    store<i32>(place, load<i32>(place, 4) + load<i32>(place), 4)
  }
  for (let i = 0; i < batch.n; i++) {
    const base = (<usize>i * <usize>batch.capacity) << 2
    const count = load<i32>(batch.counts + (<usize>i << 2))
    for (let at = 0; at < count; at++) {
      const offset = base + (<usize>at << 2)
      const place = starts + (<usize>load<i32>(batch.indices + offset) << 2)
      const slot = load<i32>(place)
      store<i32>(place, slot + 1)
      store<i32>(batch.atomRows + (<usize>slot << 2), i)
      store<f32>(batch.atomValues + (<usize>slot << 2), load<f32>(batch.values + offset))
    }
  }
  // Each start has moved to its end; shift them back.
  for (let j = batch.k; j > 0; j--) {
    store<i32>(starts + (<usize>j << 2), load<i32>(starts + (<usize>(j - 1) << 2)))
  }
  store<i32>(starts, 0)
}

/** Forgets by `decay` and adds the batch, for atoms `begin` to `end`. */
export function statisticsChunk(pointer: usize, begin: i32, end: i32): void {
  const batch = changetype<Learning>(pointer)
  const decay = f32x4.splat(<f32>batch.decay)
  for (let j = begin; j < end; j++) {
    const from = load<i32>(batch.atomStarts + (<usize>j << 2))
    const to = load<i32>(batch.atomStarts + (<usize>j << 2), 4)
    const use = batch.usage + (<usize>j << 3)
    store<f64>(use, load<f64>(use) * batch.decay + <f64>(to - from))

    const products = batch.codeProducts + ((<usize>j * <usize>batch.kp) << 2)
    for (let i = 0; i < batch.kp; i += 4) {
      const at = products + (<usize>i << 2)
      v128.store(at, f32x4.mul(decay, v128.load(at)))
    }
    for (let at = from; at < to; at++) {
      const row = load<i32>(batch.atomRows + (<usize>at << 2))
      const value = load<f32>(batch.atomValues + (<usize>at << 2))
      const base = (<usize>row * <usize>batch.capacity) << 2
      const count = load<i32>(batch.counts + (<usize>row << 2))
      for (let e = 0; e < count; e++) {
        const offset = base + (<usize>e << 2)
        const place = products + (<usize>load<i32>(batch.indices + offset) << 2)
        store<f32>(place, load<f32>(place) + value * load<f32>(batch.values + offset))
      }
    }

    const data = batch.dataProducts + ((<usize>j * <usize>batch.m) << 2)
    for (let p = 0; p < batch.m; p += 8) {
      const place = data + (<usize>p << 2)
      let s0 = f32x4.mul(decay, v128.load(place))
      let s1 = f32x4.mul(decay, v128.load(place, 16))
      for (let at = from; at < to; at++) {
        const row = <usize>load<i32>(batch.atomRows + (<usize>at << 2))
        const value = v128.load32_splat(batch.atomValues + (<usize>at << 2))
        const y = batch.observations + ((row * <usize>batch.m + <usize>p) << 2)
        s0 = f32x4.add(s0, f32x4.mul(value, v128.load(y)))
        s1 = f32x4.add(s1, f32x4.mul(value, v128.load(y, 16)))
      }
      v128.store(place, s0)
      v128.store(place, s1, 16)
    }
  }
}

/** B − AD of the block's atoms at numbers 8·`begin` to 8·`end` of an observation. */
export function atomsChunk(pointer: usize, begin: i32, end: i32): void {
  const batch = changetype<Learning>(pointer)
  const m = <usize>batch.m << 2
  const kp = <usize>batch.kp << 2
  for (let tile = begin; tile < end; tile++) {
    const column = <usize>tile << 5
    for (let r = 0; r < batch.blockSize; r += 4) {
      const rows = min(4, batch.blockSize - r)
      const first = <usize>(batch.blockBegin + r)
      // A short last group repeats its last row, whose result is then written once more.
      const r1 = <usize>min(1, rows - 1), r2 = <usize>min(2, rows - 1), r3 = <usize>min(3, rows - 1)
      let a0 = batch.codeProducts + first * kp
      let a1 = a0 + r1 * kp
      let a2 = a0 + r2 * kp
      let a3 = a0 + r3 * kp
      const b = batch.dataProducts + first * m + column
      let c00 = v128.load(b), c01 = v128.load(b, 16)
      let c10 = v128.load(b + r1 * m), c11 = v128.load(b + r1 * m, 16)
      let c20 = v128.load(b + r2 * m), c21 = v128.load(b + r2 * m, 16)
      let c30 = v128.load(b + r3 * m), c31 = v128.load(b + r3 * m, 16)
      let d = batch.atoms + column
      for (let i = 0; i < batch.k; i++) {
        const d0 = v128.load(d)
        const d1 = v128.load(d, 16)
        let a = v128.load32_splat(a0)
        c00 = f32x4.sub(c00, f32x4.mul(a, d0))
        c01 = f32x4.sub(c01, f32x4.mul(a, d1))
        a = v128.load32_splat(a1)
        c10 = f32x4.sub(c10, f32x4.mul(a, d0))
        c11 = f32x4.sub(c11, f32x4.mul(a, d1))
        a = v128.load32_splat(a2)
        c20 = f32x4.sub(c20, f32x4.mul(a, d0))
        c21 = f32x4.sub(c21, f32x4.mul(a, d1))
        a = v128.load32_splat(a3)
        c30 = f32x4.sub(c30, f32x4.mul(a, d0))
        c31 = f32x4.sub(c31, f32x4.mul(a, d1))
        d += m
        a0 += 4
        a1 += 4
        a2 += 4
        a3 += 4
      }
      const out = batch.gradient + <usize>r * m + column
      v128.store(out, c00)
      v128.store(out, c01, 16)
      v128.store(out + r1 * m, c10)
      v128.store(out + r1 * m, c11, 16)
      v128.store(out + r2 * m, c20)
      v128.store(out + r2 * m, c21, 16)
      v128.store(out + r3 * m, c30)
      v128.store(out + r3 * m, c31, 16)
    }
  }
}
