import { isRaw, type Raw } from '../../sources/fields.ts'
import { defaultLoadBalancer, policyOf } from '../defaults.ts'
import type { Policy } from '../model.ts'
import { type PolicyDocument, policyShape } from './policy-fields.ts'
import type { ShapeFault } from './shape.ts'
import type { Path } from '../../sources/faults.ts'

/**
 * What a policy spelt as text says as a document: `ipvs-rr+order=shuffled`, `nft-random+maxAge=5m`, or only what differs: `maxAge=5m`,
 * `loadBalancer.mode=ip`. What it says need not be right: that is for `policyShape`.
 */
export const policyFromText = (text: string): Raw => {
  const document: Record<string, unknown> = {}
  for (const [index, part] of text.split('+').entries()) {
    const at = part.indexOf('=')
    if (at < 0) document[index === 0 ? 'scheduler' : part.trim()] = index === 0 ? part.trim() : true
    else setIn(document, part.slice(0, at).trim().split('.'), scalar(part.slice(at + 1).trim()))
  }
  return document
}

/** The shortest text that says the same. */
export const policyText = (document: Raw): string => {
  const { scheduler, name: _, ...rest } = document
  return [...(typeof scheduler === 'string' ? [scheduler] : []), ...pairs(rest)].join('+')
}

/**
 * `over` in place of what `base` says. Another scheduler does not take over what was said of the former one; a name is for one
 * policy only.
 */
export const overlay = (base: Raw, over: Raw): Raw => {
  const { name: _, ...kept } = base
  const ofScheduler = ['order', 'counts', 'slowStart']
  const changes = 'scheduler' in over && over['scheduler'] !== base['scheduler']
  const inherited = Object.entries(kept).filter(([key]) => !(changes && ofScheduler.includes(key)))
  return merge(Object.fromEntries(inherited), over)
}

export interface PolicySource {
  /** as the document has it, a map or a text; undefined: missing */
  readonly given: unknown
  readonly path: Path
  /** laid over what is given, as the command line spells it */
  readonly over?: string
  readonly overPath?: Path
}

/** The policies of a document: that of `policy`, and those of `compare` laid over it. null where faults were added. */
export const readPolicies = (
  policy: PolicySource,
  compare: readonly PolicySource[],
  hasOutside: boolean,
  faults: ShapeFault[],
): { readonly policy: Policy; readonly compared: readonly Policy[] } | null => {
  const before = faults.length
  const given = rawOf(policy.given ?? {})
  const over = policy.over === undefined ? null : policyFromText(policy.over)
  const base = over === null ? given : overlay(given, over)
  const first = resolve(base, over ?? given, policy.overPath ?? policy.path, hasOutside, faults)
  const compared = compare.map(({ given, path }) => {
    const over = rawOf(given)
    return resolve(overlay(base, over), over, path, hasOutside, faults)
  })
  compared.forEach((one, index) => {
    if (one !== null && compared.findIndex((other) => other?.name === one.name) < index)
      faults.push({ path: compare[index]?.path ?? [], message: `is a second policy ${one.name}` })
  })
  if (first === null || faults.length > before) return null
  return { policy: first, compared: compared.filter((one) => one !== null) }
}

const resolve = (raw: Raw, said: Raw, path: Path, hasOutside: boolean, faults: ShapeFault[]): Policy | null => {
  const read = policyShape.read(raw, path, faults)
  if (read === undefined) return null
  const policy = filled(
    read,
    read.name ?? policyText({ scheduler: read.scheduler ?? 'nft-random', ...said }),
    hasOutside,
  )
  const before = faults.length
  for (const [key, message] of moot(policy, read, hasOutside)) faults.push({ path: [...path, key], message })
  return faults.length > before ? null : policy
}

const filled = (read: PolicyDocument, name: string, hasOutside: boolean): Policy => {
  const { loadBalancer: balancer } = read
  const given = <K extends string, V>(key: K, value: V | undefined): { readonly [key in K]?: V } =>
    (value === undefined ? {} : { [key]: value }) as { readonly [key in K]?: V }
  return policyOf(read.scheduler ?? 'nft-random', {
    name,
    ...given('order', read.order),
    ...given('counts', read.counts),
    ...given('affinitySeconds', read.affinity),
    ...given('maxAgeSeconds', read.maxAge),
    ...given('maxAgeJitter', read.maxAgeJitter),
    ...given('maxRequests', read.maxRequests),
    ...given('slowStartSeconds', read.slowStart),
    ...given('internalTrafficPolicy', read.internalTrafficPolicy),
    ...given('trafficDistribution', read.trafficDistribution),
    loadBalancer: !hasOutside
      ? null
      : {
          ...defaultLoadBalancer,
          ...given('mode', balancer?.mode),
          ...given('scheduler', balancer?.scheduler),
          ...given('externalTrafficPolicy', balancer?.externalTrafficPolicy),
          ...given('instances', balancer?.instances),
          ...given('keepsSource', balancer?.keepsSource),
          ...given('lag', balancer?.lag),
        },
  })
}

const hashes: readonly Policy['scheduler'][] = ['nft-sh', 'maglev', 'ipvs-sh', 'ipvs-dh', 'ipvs-mh']

/** Settings that would change nothing: said, they are a mistake. */
function* moot(
  { scheduler }: Policy,
  read: PolicyDocument,
  hasOutside: boolean,
): Generator<readonly [key: string, message: string]> {
  const isIpvs = scheduler.startsWith('ipvs-')
  if (read.order === 'shuffled' && !isIpvs) yield ['order', `has no effect with ${scheduler}: it is for ipvs-*`]
  if ((read.slowStart ?? 0) > 0 && (isIpvs || hashes.includes(scheduler)))
    yield ['slowStart', `has no effect with ${scheduler}, which cannot grow a weight`]
  if (read.counts === 'shared' && (hashes.includes(scheduler) || scheduler.endsWith('random')))
    yield ['counts', `has no effect with ${scheduler}, which counts nothing`]
  if (read.counts === 'shared' && (scheduler === 'ipvs-rr' || scheduler === 'ipvs-wrr'))
    yield ['counts', `cannot be shared: ${scheduler} keeps its turn in the kernel of each node`]
  if (read.loadBalancer !== undefined && !hasOutside)
    yield ['loadBalancer', 'has no effect: no clients come from outside (clients[].from)']
  if (read.maxAgeJitter !== undefined && read.maxAge === undefined)
    yield ['maxAgeJitter', 'has no effect without maxAge']
  const { mode, externalTrafficPolicy } = read.loadBalancer ?? {}
  if (mode === 'ip' && externalTrafficPolicy === 'Local')
    yield ['loadBalancer', 'externalTrafficPolicy: has no effect in mode ip, which goes straight to pods']
}

const rawOf = (given: unknown): Raw => (typeof given === 'string' ? policyFromText(given) : isRaw(given) ? given : {})

const scalar = (text: string): unknown => {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text)
  return text === 'true' ? true : text === 'false' ? false : text === 'null' ? null : text
}

const setIn = (document: Record<string, unknown>, [key = '', ...rest]: readonly string[], value: unknown): void => {
  if (rest.length === 0) {
    document[key] = value
    return
  }
  const inner = document[key]
  const map: Record<string, unknown> = isRaw(inner) ? { ...inner } : {}
  document[key] = map
  setIn(map, rest, value)
}

const merge = (base: Raw, over: Raw): Raw => {
  const merged: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(over)) {
    const before = merged[key]
    // a distribution has one key: another takes its place
    merged[key] = isRaw(value) && isRaw(before) && key === 'loadBalancer' ? merge(before, value) : value
  }
  return merged
}

const pairs = (document: Raw, prefix = ''): readonly string[] =>
  Object.entries(document).flatMap(([key, value]) =>
    isRaw(value) ? pairs(value, `${prefix}${key}.`) : [`${prefix}${key}=${String(value)}`],
  )
