import type { CommandEntry } from './command.ts'

/** Every command, in the order of `evenkeel --help`. A new one costs a folder and a row. */
export const commands: readonly CommandEntry[] = [
  { name: 'run', description: 'run the node agent', load: () => import('./run/run.ts') },
  {
    name: 'status',
    description: 'tell whether the kernel is what the plan says',
    load: () => import('./status/status.ts'),
  },
  {
    name: 'plan',
    description: 'show the frontends and backends a node computes, and why',
    load: () => import('./plan/plan.ts'),
  },
  {
    name: 'why',
    description: 'tell since when endpoints get traffic on this node, or why not',
    load: () => import('./why/why.ts'),
  },
  { name: 'brake', description: 'confirm what the brake of this node holds', load: () => import('./brake.ts') },
  {
    name: 'trace',
    description: 'tell where a packet would go, through which rules, with what odds',
    load: () => import('./trace/trace.ts'),
  },
  {
    name: 'skew',
    description: 'tell who gets how much, and whether it is luck or a fault',
    load: () => import('./skew/skew.ts'),
  },
  {
    name: 'simulate',
    description: 'measure how evenly a cluster that does not exist yet would spread load',
    load: () => import('./simulate/simulate.ts'),
  },
  {
    name: 'lab',
    description: 'run a cluster in network namespaces, with real traffic',
    load: () => import('./lab/lab.ts'),
  },
  {
    name: 'preflight',
    description: 'read this node and say what would go wrong, with cures',
    load: () => import('./preflight/preflight.ts'),
  },
  { name: 'clean', description: 'remove every kernel object of ours', load: () => import('./clean/clean.ts') },
  {
    name: 'completion',
    description: 'print a completion script for bash, zsh or fish',
    load: () => import('./completion.ts'),
  },
  { name: '__complete', description: 'what may come next', hidden: true, load: () => import('./complete.ts') },
]
