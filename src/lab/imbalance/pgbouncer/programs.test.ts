import { expect, test } from 'vitest'
import { findPrograms } from './programs.ts'

test('names what is not installed, and the packages', async () => {
  await expect(findPrograms(['/nowhere'])).rejects.toThrow(
    'the scenario pgbouncer needs initdb, postgres, psql, pgbench, pgbouncer: apt-get install pgbouncer postgresql',
  )
})
