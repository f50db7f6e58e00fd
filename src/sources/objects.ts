import type { EndpointSlice, Node, Service, ServiceCIDR } from '../model/objects.ts'
import type { InputProblem } from '../model/snapshot.ts'
import { readEndpointSlice } from './endpoint-slice.ts'
import { Faults, show, type Where } from './faults.ts'
import { isRaw, type Raw } from './fields.ts'
import type { Intern } from './metadata.ts'
import { readNode, readServiceCIDR } from './node.ts'
import { readService } from './service.ts'

/** An object of a kind that proxies read, as a record of the model. */
export type ClusterObject =
  | { readonly kind: 'Service'; readonly value: Service }
  | { readonly kind: 'EndpointSlice'; readonly value: EndpointSlice }
  | { readonly kind: 'Node'; readonly value: Node }
  | { readonly kind: 'ServiceCIDR'; readonly value: ServiceCIDR }

export type ClusterKind = ClusterObject['kind']

/** `Service shop/web`, `Node node-0`: unique among all objects. */
export type ObjectId = string

export interface Parsed {
  /** '' where the object does not say (then it is refused), and for kinds that are not ours */
  readonly id: ObjectId
  /** null: refused if there are problems, else not for us (another kind, a slice of host names…) */
  readonly object: ClusterObject | null
  /** with an object: what was left out of it; without: why it is refused */
  readonly problems: readonly InputProblem[]
}

interface Kind {
  readonly group: string
  readonly versions: readonly string[]
  read(raw: Raw, faults: Faults, intern: Intern): ClusterObject | null
}

const kinds: { readonly [K in ClusterKind]: Kind } = {
  Service: {
    group: '',
    versions: ['v1'],
    read: (raw, faults, intern) => ({ kind: 'Service', value: readService(raw, faults, intern) }),
  },
  EndpointSlice: {
    group: 'discovery.k8s.io',
    versions: ['v1'],
    read(raw, faults, intern) {
      const value = readEndpointSlice(raw, faults, intern)
      return value && { kind: 'EndpointSlice', value }
    },
  },
  Node: {
    group: '',
    versions: ['v1'],
    read: (raw, faults, intern) => ({ kind: 'Node', value: readNode(raw, faults, intern) }),
  },
  ServiceCIDR: {
    group: 'networking.k8s.io',
    versions: ['v1', 'v1beta1'],
    read: (raw, faults) => ({ kind: 'ServiceCIDR', value: readServiceCIDR(raw, faults) }),
  },
}

const ignored: Parsed = Object.freeze({ id: '', object: null, problems: Object.freeze([]) })
const asItIs: Intern = (text) => text

/** Makes a record of an object as JSON or YAML has it. Never throws, whatever `raw` is. */
export const parseObject = (raw: unknown, where: Where, intern: Intern = asItIs): Parsed => {
  if (!isRaw(raw)) return refuse('', where, [], `must be a map with apiVersion and kind, not ${show(raw)}`)
  const { apiVersion, kind } = raw
  if (typeof kind !== 'string' || kind === '') return refuse('', where, ['kind'], 'is required, e.g. Service')
  if (typeof apiVersion !== 'string' || apiVersion === '')
    return refuse(kind, where, ['apiVersion'], `is required, e.g. v1`)

  const known = Object.hasOwn(kinds, kind) ? kinds[kind as ClusterKind] : undefined
  const slash = apiVersion.lastIndexOf('/')
  // another group's kind of the same name is another kind: Knative has Services too
  if (known === undefined || apiVersion.slice(0, Math.max(slash, 0)) !== known.group) return ignored
  const id = identify(kind as ClusterKind, raw)
  if (!known.versions.includes(apiVersion.slice(slash + 1))) {
    const allowed = known.versions.map((version) => (known.group === '' ? version : `${known.group}/${version}`))
    return {
      ...refuse(id || kind, where, ['apiVersion'], `must be ${allowed.join(' or ')}, not ${show(apiVersion)}`),
      id,
    }
  }

  const faults = new Faults()
  const object = known.read(raw, faults, intern)
  if (faults.length === 0) return { id, object, problems: ignored.problems }
  return { id, object: faults.open === 0 ? object : null, problems: faults.problems(id || kind, where) }
}

const refuse = (object: string, where: Where, path: readonly string[], message: string): Parsed => ({
  id: '',
  object: null,
  problems: [{ where: where(path), object, field: path.join('.'), message }],
})

/** What the object says it is, even when its other fields are refused; '' when it does not say. */
export const identify = (kind: ClusterKind, raw: Raw): ObjectId => {
  const metadata = raw['metadata']
  if (!isRaw(metadata) || !isShort(metadata['name'])) return ''
  if (kind === 'Node' || kind === 'ServiceCIDR') return `${kind} ${metadata['name']}`
  const namespace = (metadata['namespace'] ?? '') || 'default'
  return isShort(namespace) ? `${kind} ${namespace}/${metadata['name']}` : ''
}

const isShort = (name: unknown): name is string => typeof name === 'string' && name !== '' && name.length <= 253

/** The id that `parseObject` gave the object. */
export const objectId = ({ kind, value }: ClusterObject): ObjectId =>
  'namespace' in value ? `${kind} ${value.namespace}/${value.name}` : `${kind} ${value.name}`
