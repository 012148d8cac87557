import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openDawn } from '../../../src/backend/webgpu/dawn.node.ts';
import { describeWithGpu } from './support/open-gpu.ts';

describe('without WebGPU', () => {
  test('a missing package is named, with the command that adds it', async () => {
    const absent = Object.assign(new Error("Cannot find package 'webgpu'"), { code: 'ERR_MODULE_NOT_FOUND' });
    expect(await openDawn(() => Promise.reject(absent))).toEqual({ missing: expect.stringMatching(/npm i webgpu$/) });
  });

  test('a package that does not start says why', async () => {
    const broken = new Error('libvulkan.so.1: cannot open shared object file');
    expect(await openDawn(() => Promise.reject(broken))).toEqual({
      missing: expect.stringContaining('libvulkan.so.1'),
    });
    const create = () => {
      throw new Error('no backend');
    };
    const options = ['a process that never opened Dawn'];
    expect(await openDawn(async () => ({ create }), options)).toEqual({
      missing: expect.stringContaining('no backend'),
    });
  });
});

describeWithGpu('with WebGPU', () => {
  test('a process that computed on the GPU ends by itself', () => {
    const open = JSON.stringify(resolve(import.meta.dirname, '../../../src/backend/open.ts'));
    const script = `
      const { openBackend } = await import(${open});
      const backend = await openBackend('webgpu');
      const bytes = new Uint8Array(new Float32Array([1, 2, 3, 4]).buffer);
      const read = async (start, end, into) => into ? (into.set(bytes.subarray(start, end)), into) : bytes.subarray(start, end);
      const table = await backend.upload({ name: 'w', dtype: 'f32', shape: [1, 4], byteLength: 16, read });
      console.log((await backend.read(table)).join());
      if (process.argv.includes('dispose')) await backend.dispose();`;
    for (const way of ['dispose', 'leave']) {
      const { status, signal, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script, way], {
        encoding: 'utf8',
        timeout: 20_000,
      });
      expect({ way, status, signal, stdout }).toEqual({ way, status: 0, signal: null, stdout: '1,2,3,4\n' });
    }
  });
});
