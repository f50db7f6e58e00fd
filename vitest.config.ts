import { defineConfig } from 'vitest/config'

const kernelTests = '{src,test}/**/*.kernel.test.ts'
const kubeTests = '{src,test}/**/*.kube.test.ts'

export default defineConfig({
  test: {
    reporters: ['default'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{src,bench,test,scripts}/**/*.test.ts'],
          exclude: [kernelTests, kubeTests, '**/node_modules/**'],
          pool: 'threads',
          maxWorkers: '100%',
          // ends what hangs; how long a test takes is the machine's
          testTimeout: 30_000,
        },
      },
      {
        // One file at a time, after the others: they share the machine's kernel.
        test: {
          name: 'kernel',
          include: [kernelTests],
          pool: 'forks',
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        // Each file starts a real kube-apiserver in a network namespace of its own.
        test: {
          name: 'kube',
          include: [kubeTests],
          pool: 'forks',
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
          testTimeout: 120_000,
          hookTimeout: 240_000,
        },
      },
    ],
  },
})
