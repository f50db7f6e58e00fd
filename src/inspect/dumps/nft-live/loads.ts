import { rawAttributes } from '../../../kernel/foreign/index.ts'
import { Fields } from '../../../kernel/nftables/fields.ts'
import type { NftExpr } from '../../../kernel/nftables/types.ts'
import type { Expression, Field } from '../../../rules/model.ts'
import type { Loaded, Value } from './registers.ts'

export interface Load {
  readonly register: number
  readonly loaded: Loaded
  readonly width: number
}

const field = (name: Field, width: number, order: Value['order'] = 'network'): Loaded => ({
  kind: 'value',
  value: { expression: { kind: 'field', field: name }, width, order },
})
const number = (expression: Expression): Loaded => ({ kind: 'value', value: { expression, width: 4, order: 'host' } })
const opaque = (text: string): Loaded => ({ kind: 'opaque', text })
const state = (text: string): Loaded => ({ kind: 'state', text })

type Of<N extends NftExpr['name']> = Extract<NftExpr, { name: N }>

export const loadMeta = ({ key, dreg }: Of<'meta'>): Load => {
  switch (key) {
    case 'mark':
      return { register: dreg, loaded: field('meta mark', 4, 'host'), width: 4 }
    case 'l4proto':
    case 'nfproto':
      return { register: dreg, loaded: field(`meta ${key}`, 1), width: 1 }
    case 'iifname':
    case 'oifname':
      return { register: dreg, loaded: field(`meta ${key}`, 16), width: 16 }
  }
}

export const loadPayload = ({ base, offset, len, dreg }: Of<'payload'>): Load => ({
  register: dreg,
  loaded: base === 'link' ? opaque(`@ll,${offset * 8},${len * 8}`) : { kind: 'header', base, offset, length: len },
  width: len,
})

export const loadNumgen = ({ mode, modulus, offset, dreg }: Of<'numgen'>): Load => ({
  register: dreg,
  loaded: number({ kind: 'numgen', mode, modulus, offset }),
  width: 4,
})

export const loadHash = (
  { dreg, modulus, seed, offset }: Of<'jhash'>,
  of: readonly Expression[] | undefined,
): Load => ({
  register: dreg,
  loaded: of === undefined ? opaque('jhash') : number({ kind: 'jhash', of, modulus, seed, offset }),
  width: 4,
})

export const loadFib = ({ dreg, from }: Of<'fib'>): Load => ({
  register: dreg,
  loaded: field(`fib ${from} type`, 4, 'host'),
  width: 4,
})

export const loadConntrack = ({ dreg, key }: Of<'ct'>): Load => ({
  register: dreg,
  loaded: field(`ct ${key}`, 4, 'host'),
  width: 4,
})

/** enum nft_meta_keys: those that the reader of our own tables leaves out. */
const metas: ReadonlyMap<number, readonly [Loaded, number]> = new Map([
  [1, [field('meta protocol', 2), 2]],
  [4, [field('meta iifname', 4, 'index'), 4]],
  [5, [field('meta oifname', 4, 'index'), 4]],
  [10, [state('meta skuid'), 4]],
  [11, [state('meta skgid'), 4]],
  [13, [state('meta rtclassid'), 4]],
  [19, [field('meta pkttype', 1), 1]],
  [20, [state('meta cpu'), 4]],
  [23, [state('meta cgroup'), 4]],
  [24, [{ kind: 'random' }, 4]],
  [28, [state('meta time'), 8]],
  [29, [state('meta day'), 1]],
  [30, [state('meta hour'), 4]],
])

/** enum nft_ct_keys, the same; with a direction */
const connections: ReadonlyMap<number, readonly [Loaded, number]> = new Map([
  [1, [field('ct direction', 1), 1]],
  [3, [field('ct mark', 4, 'host'), 4]],
  [5, [state('ct expiration'), 4]],
  [6, [state('ct helper'), 16]],
  [10, [field('ct l4proto', 1), 1]],
  [13, [state('ct label'), 16]],
  [14, [state('ct packets'), 8]],
  [15, [state('ct bytes'), 8]],
  [16, [state('ct avgpkt'), 8]],
])
const originals: ReadonlyMap<number, readonly [Loaded, number]> = new Map([
  [8, [field('ct original saddr', 16), 16]],
  [9, [field('ct original daddr', 16), 16]],
  [10, [field('ct l4proto', 1), 1]],
  [11, [field('ct original proto-src', 2), 2]],
  [12, [field('ct original proto-dst', 2), 2]],
  [19, [field('ct original saddr', 4), 4]],
  [20, [field('ct original daddr', 4), 4]],
  [21, [field('ct original saddr', 16), 16]],
  [22, [field('ct original daddr', 16), 16]],
])

const IP_CT_DIR_ORIGINAL = 0
const HASH_SYMMETRIC = 1

/** Expressions that load a register and that the reader of our own tables keeps raw; undefined: one that does something else. */
export const loadForeign = ({ kernelName, raw }: Of<'unknown'>): Load | undefined => {
  const fields = new Fields(rawAttributes(raw))
  switch (kernelName) {
    case 'meta': {
      if (!fields.has(1)) return undefined
      const [loaded, width] = metas.get(fields.u32(2)) ?? [opaque(`meta key ${fields.u32(2)}`), 4]
      return { register: fields.u32(1), loaded, width }
    }
    case 'ct': {
      if (!fields.has(1)) return undefined
      const table = !fields.has(3)
        ? connections
        : fields.u8(3) === IP_CT_DIR_ORIGINAL
          ? originals
          : new Map<number, never>()
      const [loaded, width] = table.get(fields.u32(2)) ?? [opaque(`ct key ${fields.u32(2)}`), 4]
      return { register: fields.u32(1), loaded, width }
    }
    case 'hash': {
      const [modulus, offset, type] = [fields.u32(4), fields.u32(6), fields.u32(7)]
      const even = type === HASH_SYMMETRIC || !fields.has(5)
      const loaded = even && modulus > 0 ? number({ kind: 'symhash', modulus, offset }) : opaque('hash')
      return { register: fields.u32(2), loaded, width: 4 }
    }
    case 'fib': {
      const [result, flags] = [fields.u32(2), fields.u32(3)]
      // NFT_FIB_RESULT_OIF and _OIFNAME: is there a route back
      const loaded = result === 1 || result === 2 ? state('fib … oif') : opaque(`fib flags ${flags} result ${result}`)
      return { register: fields.u32(1), loaded, width: result === 2 ? 16 : 4 }
    }
    case 'socket':
    case 'osf':
      return { register: fields.u32(kernelName === 'socket' ? 2 : 1), loaded: state(kernelName), width: 16 }
    case 'exthdr':
    case 'rt':
    case 'xfrm':
    case 'tunnel':
    case 'payload':
    case 'inner':
      return fields.has(1) ? { register: fields.u32(1), loaded: opaque(kernelName), width: 16 } : undefined
    default:
      return undefined
  }
}
