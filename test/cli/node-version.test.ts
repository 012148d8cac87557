import { expect, test } from 'vitest';
import { nodeObjection } from '../../src/cli/node-version.ts';

test('Node 22.18 and newer will do', () => {
  for (const version of ['22.18.0', '22.23.3', '24.0.0', process.versions.node])
    expect(nodeObjection(version)).toBeUndefined();
});

test('an older Node is refused with both versions and the way out', () => {
  for (const version of ['22.17.9', '20.20.2', '8.0.0'])
    expect(nodeObjection(version)).toMatch(new RegExp(`22\\.18.*${version}.*npm install node@24`));
});
