import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { canWidenVectors, widenVectors } from '../../../src/backend/wasm/wide-vectors.ts';
import { realizar } from '../../cli/support/cli.ts';
import { derivedModel, describeWithInputs } from '../../support/inputs.ts';
import { packedDTypes } from './support/random-weight.ts';

const hostOf = (arch: string, v8: string | undefined) => {
  const flags: string[] = [];
  const host = {
    arch,
    versions: v8 === undefined ? {} : { v8 },
    getBuiltinModule: () => ({ setFlagsFromString: (flag: string) => void flags.push(flag) }),
  };
  return { host, flags };
};

test.each(['13.6.233.10-node.28', '14.6.202.34-node.34'])('is switched on where it was proven: V8 %s', (v8) => {
  const proven = hostOf('x64', v8);
  expect(canWidenVectors(proven.host)).toBe(true);
  widenVectors(proven.host);
  expect(proven.flags).toEqual(['--experimental-wasm-revectorize']);
});

test.each([
  ['x64', '14.7.1.1'],
  ['x64', '12.4.254.21'],
  ['arm64', '13.6.233.10'],
  ['x64', undefined],
] as const)('stays off elsewhere: %s, V8 %s', (arch, v8) => {
  expect(canWidenVectors(hostOf(arch, v8).host)).toBe(false);
});

test.skipIf(!canWidenVectors())(
  'products of every format have the same bits with fused kernels as with plain ones',
  () => {
    const script = join(import.meta.dirname, 'support/product-bits.ts');
    // No liftoff: what is fused is the optimising compiler's, which would otherwise come to hot kernels alone.
    const bits = (...flags: string[]) =>
      execFileSync(process.execPath, ['--no-liftoff', ...flags, script], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
    const plain = JSON.parse(bits()) as Record<string, string>;
    expect(Object.keys(plain)).toHaveLength(2 * packedDTypes.length);
    expect(JSON.parse(bits('--experimental-wasm-revectorize'))).toEqual(plain);
  },
);

const models = ['Q8_0', 'Q4_0'].map((dtype) => derivedModel(`SmolLM2-135M-Instruct.${dtype}.gguf`));

describeWithInputs('real weights, with kernels in their final tier', models, () => {
  const folder = mkdtempSync(join(tmpdir(), 'realizar-wide-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(models)('%s has the same bits with fused kernels as with plain ones', async (model) => {
    const ids = join(folder, 'ids.json');
    writeFileSync(ids, JSON.stringify(Array.from({ length: 160 }, (_, i) => (i * 7919) % 49_000)));
    const bits = async (flag: string) => {
      const output = join(folder, 'logits.f32');
      const { code } = await realizar('logits', model, '--ids', ids, '-o', output, '--backend', 'wasm', flag);
      expect(code).toBe(0);
      return readFileSync(output);
    };
    const plain = await bits('--no-wide-vectors');
    expect((await bits('--wide-vectors')).equals(plain)).toBe(true);
  });
});
