import { readFileSync } from 'node:fs'

/** Of the whole machine, MiB: what kernel objects and their per-CPU counters take. */
export interface KernelMemory {
  readonly slabMiB: number
  readonly percpuMiB: number
}

export const readKernelMemory = (): KernelMemory => {
  const text = readFileSync('/proc/meminfo', 'utf8')
  const mebibytes = (name: string): number => Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(text)?.[1]) / 1024
  return { slabMiB: mebibytes('Slab'), percpuMiB: mebibytes('Percpu') }
}
