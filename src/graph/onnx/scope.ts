import { ConfigurationError } from '../../tensor/errors.js'
import { type Dimension, isOpen, sameDimensions } from '../shapes.js'
import {
  type Body,
  describe,
  type Emitter,
  type GraphNode,
  type InputAttributes,
  inputOperation,
  type OnnxAttribute,
  type Sym,
} from '../sym.js'
import { topological } from '../traverse.js'
import { type Initializers, initializers } from './initializers.js'
import { attributesOf, bodyAttribute, valueInfo } from './protos.js'
import { bytesOf, innerSize, type RunMemory, runMemory, type Size, sizeOf } from './runMemory.js'
import type { GraphProto, NodeProto } from './schema.js'

/** What all scopes of a model share: names, constants and declared inputs. */
interface Model {
  readonly constants: Initializers
  fresh(): string
  /** The name of an input, which is declared where it is first used. */
  declare(sym: Sym): string
  readonly declared: () => readonly Sym[]
  readonly values: Map<string, Size>
  readonly scratch: Map<string, readonly Size[]>
}

/** A graph under construction, with the scope around it: values of outer scopes can be used by their names. */
class Scope implements Emitter {
  readonly #nodes: NodeProto[] = []
  readonly #names = new Map<GraphNode, readonly string[]>()
  /** Nodes that are there already, by what makes them equal. */
  readonly #known = new Map<string, string>()
  readonly #model: Model
  readonly #outer: Scope | undefined

  constructor(model: Model, outer?: Scope) {
    this.#model = model
    this.#outer = outer
  }

  node(type: string, inputs: readonly string[], attributes: Readonly<Record<string, OnnxAttribute>> = {}): string {
    const key = JSON.stringify([type, inputs, attributes])
    const known = this.#find(key)
    if (known !== undefined) return known
    const output = this.#model.fresh()
    this.#add(type, inputs, [output], attributesOf(attributes))
    this.#known.set(key, output)
    return output
  }

  constant(...[type, shape, data]: Parameters<Emitter['constant']>): string {
    return this.#model.constants.add(type, shape, data)
  }

  shape(shape: readonly Dimension[], batch: Sym | undefined): string {
    const vector = (sizes: readonly number[]) => this.constant('int64', [sizes.length], sizes)
    if (!isOpen(shape) || batch === undefined) return vector(shape as readonly number[])
    const from = this.#model.declare(batch)
    if (sameDimensions(batch.shape, shape)) return this.node('Shape', [from])
    const axis = batch.shape.indexOf('n')
    const open = this.node('Shape', [from], { start: axis, end: axis + 1 })
    const pieces = shape.map((size) => (size === 'n' ? open : vector([size])))
    return pieces.length === 1 ? open : this.node('Concat', pieces, { axis: 0 })
  }

  nodeWithBody(type: string, inputs: readonly string[], body: Body, outputs: number): readonly string[] {
    const inner = new Scope(this.#model, this)
    const infos = body.inputs.map((sym) => {
      const name = this.#model.fresh()
      inner.#names.set(sym.node, [name])
      return valueInfo(name, sym)
    })
    inner.emit(body.outputs)
    const results = body.outputs.map((sym) => {
      const name = inner.#copy(inner.nameOf(sym))
      this.#model.values.set(name, sizeOf(sym))
      return valueInfo(name, sym)
    })
    const graph: GraphProto = { name: 'body', node: inner.#nodes, initializer: [], input: infos, output: results }
    const names = Array.from({ length: outputs }, () => this.#model.fresh())
    this.#add(type, inputs, names, [bodyAttribute(graph)])
    return names
  }

  /** Writes everything that `syms` need and that is not there yet. */
  emit(syms: readonly Sym[]): void {
    for (const node of topological(syms, (each) => this.#namesOf(each) !== undefined)) {
      const inputs = node.inputs.map((sym) => this.nameOf(sym))
      const before = this.#nodes.length
      const made =
        node.operation.name === inputOperation.name
          ? this.#model.declare({ ...node.operation.infer([], node.attributes)[0], node, output: 0 })
          : node.operation.onnx(this, inputs, node)
      const names = typeof made === 'string' ? [made] : made
      this.#names.set(node, names)
      this.#measure(node, names, this.#nodes.slice(before))
    }
  }

  /** Notes the sizes of what an operation has written. */
  #measure(
    { operation, inputs, attributes }: GraphNode,
    names: readonly string[],
    written: readonly NodeProto[],
  ): void {
    if (written.length === 0) return
    const { values, scratch } = this.#model
    const results = operation.infer(inputs, attributes).map(sizeOf)
    for (const [i, name] of names.entries()) values.set(name, results[i])
    const own = operation.scratch?.(inputs, attributes).map(sizeOf)
    for (const node of written) {
      const [name] = node.output
      if (!values.has(name)) values.set(name, innerSize(node, results[0], values))
      if (own) scratch.set(name, own)
    }
  }

  nameOf(sym: Sym): string {
    const names = this.#namesOf(sym.node)
    if (names === undefined) throw new ConfigurationError(`encodeOnnx: ${describe(sym)} was not written.`)
    return names[sym.output]
  }

  /** The graph with its outputs under the names asked for, and what a run of it takes: its outputs twice, for they are handed over as copies. */
  finish(name: string, outputs: readonly (readonly [string, Sym])[]): { graph: GraphProto; memory: RunMemory } {
    this.emit(outputs.map(([, sym]) => sym))
    const { values, scratch } = this.#model
    const inside = runMemory(
      { node: this.#nodes },
      outputs.map(([, sym]) => this.nameOf(sym)),
      { values: new Map(values), scratch: new Map(scratch) },
    )
    const results = outputs.map(([, sym]) => sizeOf(sym))
    const memory: RunMemory = (batch) =>
      inside(batch) + results.reduce((bytes, size) => bytes + bytesOf(size, batch), 0)
    const produced = new Set(this.#nodes.flatMap(({ output }) => output))
    const renamed = new Map<string, string>()
    for (const [wanted, sym] of outputs) {
      const value = this.nameOf(sym)
      if (produced.has(value) && !renamed.has(value)) renamed.set(value, wanted)
      else this.#add('Identity', [value], [wanted], [])
    }
    const graph: GraphProto = {
      name,
      node: renameAll(this.#nodes, renamed),
      initializer: this.#model.constants.all(),
      input: this.#model.declared().map((sym) => valueInfo(inputName(sym.node), sym)),
      output: outputs.map(([wanted, sym]) => valueInfo(wanted, sym)),
    }
    return { graph, memory }
  }

  #namesOf(node: GraphNode): readonly string[] | undefined {
    const names = this.#names.get(node)
    return names || !this.#outer ? names : this.#outer.#namesOf(node)
  }

  #find(key: string): string | undefined {
    const name = this.#known.get(key)
    return name !== undefined || !this.#outer ? name : this.#outer.#find(key)
  }

  #add(opType: string, input: readonly string[], output: readonly string[], attribute: NodeProto['attribute']): void {
    this.#nodes.push({ opType, name: `${opType}:${output[0]}`, input, output, attribute })
  }

  #copy(name: string): string {
    const output = this.#model.fresh()
    this.#add('Identity', [name], [output], [])
    return output
  }
}

const inputName = (node: GraphNode): string => (node.attributes as InputAttributes).name

/** Nodes, and those of their bodies, with values under other names. */
function renameAll(nodes: readonly NodeProto[], names: ReadonlyMap<string, string>): NodeProto[] {
  const renamed = (list: readonly string[]) => list.map((name) => names.get(name) ?? name)
  return nodes.map((node) => ({
    ...node,
    input: renamed(node.input),
    output: renamed(node.output),
    attribute: node.attribute.map((each) =>
      each.g ? { ...each, g: { ...each.g, node: renameAll(each.g.node, names) } } : each,
    ),
  }))
}

/** The scope of a model's own graph; `inputs` are those to declare, and no others. */
export function mainScope(inputs: readonly Sym[] | undefined, outputs: Readonly<Record<string, Sym>>): Scope {
  const taken = new Set(Object.keys(outputs))
  for (const node of topological(Object.values(outputs))) {
    if (node.operation.name === inputOperation.name) taken.add(inputName(node))
    if (node.batch) taken.add(inputName(node.batch.node))
  }
  const declared = new Map<string, Sym>()
  let count = 0
  const model: Model = {
    fresh() {
      let name: string
      do name = `v${++count}`
      while (taken.has(name) || declared.has(name))
      return name
    },
    declare(sym) {
      const name = inputName(sym.node)
      const other = declared.get(name)
      if (other && (other.type !== sym.type || !sameDimensions(other.shape, sym.shape))) {
        throw new ConfigurationError(
          `Two inputs have the name "${name}" and differ: ${describe(other)} of ${other.type} and ${describe(sym)} of ${sym.type}.`,
        )
      }
      if (!other && frozen) {
        throw new ConfigurationError(
          `encodeOnnx: the outputs need ${describe(sym)}, which is not among the inputs given.`,
        )
      }
      if (!other) declared.set(name, sym)
      return name
    },
    declared: () => [...declared.values()],
    constants: initializers(() => model.fresh()),
    values: new Map(),
    scratch: new Map(),
  }
  let frozen = false
  for (const sym of inputs ?? []) model.declare(sym)
  frozen = inputs !== undefined
  return new Scope(model)
}
