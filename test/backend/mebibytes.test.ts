import { expect, test } from 'vitest';
import { mebibytes } from '../../src/backend/mebibytes.ts';

test('what is needed is told in whole mebibytes, never in too few', () => {
  expect([1, 2 ** 20, 2 ** 20 + 1].map(mebibytes)).toEqual(['1 MiB', '1 MiB', '2 MiB']);
});
