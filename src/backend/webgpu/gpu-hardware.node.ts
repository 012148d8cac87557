import { readdirSync } from 'node:fs';

/** Files by which Linux shows the GPUs of this machine: Mesa's drivers, NVIDIA's, and the one of WSL. */
const NODES = /^(dri|nvidia\d+|dxg)$/;

/**
 * Whether this machine may have a GPU. On Linux a look at its devices tells, in no time: to ask Vulkan takes half a second, and
 * its drivers complain on standard error.
 */
export function mayHaveGpu(
  platform: string = process.platform,
  devices: () => readonly string[] = listDevices,
): boolean {
  return platform !== 'linux' || devices().some((name) => NODES.test(name));
}

const listDevices = (): readonly string[] => readdirSync('/dev');
