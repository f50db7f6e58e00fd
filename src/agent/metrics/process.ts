import { readdir, readFile } from 'node:fs/promises'
import type { Registry } from 'prom-client'
import type { Clock } from '../../util/clock.ts'
import type { Prometheus } from './kube-proxy.ts'

/**
 * What every Prometheus client tells of its process (client_golang's process collector): names and units. prom-client's own defaults are
 * not used: they wake the process a hundred times a second.
 */
export const processMetrics = (prometheus: Prometheus, registry: Registry, clock: Clock): (() => Promise<void>) => {
  const { Counter, Gauge } = prometheus
  const registers = [registry]
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers })
  const cpu = new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Total user and system CPU time spent in seconds.',
    registers,
  })
  const resident = gauge('process_resident_memory_bytes', 'Resident memory size in bytes.')
  const virtual = gauge('process_virtual_memory_bytes', 'Virtual memory size in bytes.')
  const heap = gauge('nodejs_heap_size_used_bytes', 'Process heap size used from Node.js in bytes.')
  const open = gauge('process_open_fds', 'Number of open file descriptors.')
  const most = gauge('process_max_fds', 'Maximum number of open file descriptors.')
  gauge('process_start_time_seconds', 'Start time of the process since unix epoch in seconds.').set(
    clock.wall() / 1_000 - process.uptime(),
  )
  return async () => {
    const { user, system } = process.cpuUsage()
    cpu.reset()
    cpu.inc((user + system) / 1e6)
    const memory = process.memoryUsage()
    resident.set(memory.rss)
    heap.set(memory.heapUsed)
    const [pages, limits, descriptors] = await Promise.all([
      readFile('/proc/self/statm', 'utf8').catch(() => ''),
      readFile('/proc/self/limits', 'utf8').catch(() => ''),
      readdir('/proc/self/fd').catch(() => []),
    ])
    virtual.set(Number(pages.split(' ')[0] ?? 0) * PAGE)
    // one of them is the directory being read
    open.set(Math.max(0, descriptors.length - 1))
    most.set(Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 0))
  }
}

/** bytes; 4 KiB on every architecture that Node's Linux builds of ours run on (arm64 kernels with 64 KiB pages tell too little here) */
const PAGE = 4_096
