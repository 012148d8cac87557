import { expect, test } from 'vitest';
import { mayHaveGpu } from '../../../src/backend/webgpu/gpu-hardware.node.ts';

test.each([
  ['linux', ['null', 'zero', 'tty'], false],
  ['linux', ['null', 'dri'], true],
  ['linux', ['null', 'nvidia0', 'nvidiactl'], true],
  ['linux', ['dxg'], true],
  ['linux', ['nvidiactl'], false],
  ['darwin', [], true],
  ['win32', [], true],
] as const)('%s with %j', (platform, devices, expected) => {
  expect(mayHaveGpu(platform, () => devices)).toBe(expected);
});

test('looks at this machine by itself', () => {
  expect(mayHaveGpu()).toBeTypeOf('boolean');
});
