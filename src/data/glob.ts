import { ConfigurationError } from '../tensor/errors.js'

/** How to look for the files of a pattern: from which folder, how deep, and what their paths must match. */
export interface GlobPlan {
  /** The folder that holds every match: '' for the current one. */
  readonly root: string
  /** Folders to go down below the root. */
  readonly depth: number
  /** Whether the pattern asks for names that begin with a dot. */
  readonly hidden: boolean
  /** The patterns of the whole path, a segment each; `**` stands for any number of segments. */
  readonly patterns: readonly (readonly (RegExp | '**')[])[]
}

/** Whether a path holds any of * ? [ ] { }. */
export const isGlob = (path: string): boolean => /[*?[{]/.test(path)

/** Splits a pattern (with / between segments) into where to look and what to match. Braces are written out first. */
export function globFolders(pattern: string): GlobPlan {
  const variants = expandBraces(pattern)
  const segments = pattern.split('/')
  const fixed = segments.findIndex((segment) => isGlob(segment))
  const root = segments.slice(0, fixed < 0 ? segments.length - 1 : fixed).join('/')
  const absolute = pattern.startsWith('/') && root === ''
  const depth =
    Math.max(...variants.map((variant) => (variant.includes('**') ? 64 : variant.split('/').length))) -
    root.split('/').length
  return {
    root: absolute ? '/' : root,
    depth: Math.max(depth, 0),
    hidden: /(^|\/)\./.test(pattern.slice(root.length).replace(/(^|\/)\.\.?(?=\/)/g, '')),
    patterns: variants.map((variant) =>
      variant.split('/').map((segment) => (segment === '**' ? segment : segmentPattern(segment))),
    ),
  }
}

/** Whether a path matches one of the plan's patterns. */
export function matchesGlob(path: string, plan: GlobPlan): boolean {
  const segments = path.split('/')
  return plan.patterns.some((pattern) => {
    // reachable[i]: whether the patterns so far can have used up the first i segments.
    let reachable = segments.map(() => false).concat(false)
    reachable[0] = true
    for (const part of pattern) {
      const next = reachable.map(() => false)
      for (let i = 0; i <= segments.length; i++) {
        if (part === '**') next[i] = reachable[i] || (i > 0 && next[i - 1])
        else next[i] = i > 0 && reachable[i - 1] && part.test(segments[i - 1])
      }
      reachable = next
    }
    return reachable[segments.length]
  })
}

/** 'a{b,c}' as 'ab' and 'ac', at most 1,000 variants. */
function expandBraces(pattern: string): string[] {
  let variants = [pattern]
  for (let round = 0; round < 10; round++) {
    const next = variants.flatMap((variant) => {
      const group = /\{([^{}]*,[^{}]*)\}/.exec(variant)
      if (group === null) return [variant]
      const [before, after] = [variant.slice(0, group.index), variant.slice(group.index + group[0].length)]
      return group[1].split(',').map((choice) => before + choice + after)
    })
    if (next.length === variants.length || next.length > 1000) break
    variants = next
  }
  return variants
}

function segmentPattern(segment: string): RegExp {
  const body = segment.replace(
    /\[(!|\^)?([^\]]+)\]|\*+|\?|[\\^$.|()+{}[\]/-]/g,
    (found, not: string | undefined, set: string | undefined) => {
      if (set !== undefined) return `[${not ? '^' : ''}${set.replace(/[\\\][^]/g, '\\$&')}]`
      if (found.startsWith('*')) return '[^/]*'
      if (found === '?') return '[^/]'
      return `\\${found}`
    },
  )
  try {
    return new RegExp(`^${body}$`, 's')
  } catch (error) {
    throw new ConfigurationError(`"${segment}" is not a pattern: ranges in […] go upwards, as in [a-z].`, {
      cause: error,
    })
  }
}
