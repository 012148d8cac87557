import { RealizarError } from '../../errors.ts';
import type { ProbeExports } from './kernel-exports.ts';
import type { KernelSet } from './layouts.ts';
import { compileProbe, hasSimd, type Build } from './module.ts';

/** Kernel sets as people choose them, best first. */
export const kernelSetNames = ['relaxed-dot', 'relaxed-pairs', 'i16'] as const;
export type KernelSetName = (typeof kernelSetNames)[number];

/** What to run: which build of the module, and which kernels in it. */
export interface KernelChoice {
  readonly name: KernelSetName;
  readonly build: Build;
  readonly kernelSet: KernelSet;
}

/** Kernel sets that compute right on this machine, best first. */
export async function supportedKernelSets(): Promise<KernelSetName[]> {
  return (await choices()).map(({ name }) => name);
}

/** @throws RealizarError `backend-unavailable` where this machine cannot run `wanted`, or no kernels at all */
export async function chooseKernels(wanted?: KernelSetName): Promise<KernelChoice> {
  const possible = await choices();
  const choice = wanted === undefined ? possible[0] : possible.find(({ name }) => name === wanted);
  if (choice) return choice;
  const names = possible.map(({ name }) => name).join(', ') || 'none: it has no WebAssembly SIMD';
  throw new RealizarError(
    'backend-unavailable',
    `this machine does not run the ${wanted ?? 'wasm'} kernels; it has ${names}`,
  );
}

async function choices(): Promise<KernelChoice[]> {
  const dot = await probeRelaxedDot();
  const possible: KernelChoice[] = [];
  if (dot === 'unsigned') possible.push({ name: 'relaxed-dot', build: 'relaxed', kernelSet: 'relaxed-dot-unsigned' });
  if (dot === 'signed') possible.push({ name: 'relaxed-dot', build: 'relaxed', kernelSet: 'relaxed-dot-signed' });
  if (dot) possible.push({ name: 'relaxed-pairs', build: 'relaxed', kernelSet: 'relaxed-pairs' });
  if (hasSimd()) possible.push({ name: 'i16', build: 'simd', kernelSet: 'i16' });
  return possible;
}

export type RelaxedDot = 'unsigned' | 'signed' | 'saturating';

/** Sums of four products a · b with bytes beyond 7 bits, and what they come to under each reading of b. */
const questions = [
  { a: 0x7f7f7f7f, b: 0xffffffff, unsigned: 129_540, signed: -508, saturating: 65_534 }, //       127 · 255 or 127 · -1
  { a: 0x81818181, b: 0x80808080, unsigned: -65_024, signed: 65_024, saturating: -65_024 }, //   -127 · 128 or -127 · -128
  { a: 0x7f7f7f7f, b: 0x7f7f7f7f, unsigned: 64_516, signed: 64_516, saturating: 64_516 }, //      127 · 127
];

/**
 * How this engine's relaxed dot reads a byte of 128 or more: as unsigned (x86 with VNNI), as signed (ARM), or saturating
 * sums of pairs (other x86). Undefined where it has no relaxed SIMD, or answers otherwise once the code is hot.
 */
export async function probeRelaxedDot(): Promise<RelaxedDot | undefined> {
  const module = await compileProbe();
  if (!module) return undefined;
  const { relaxedDot, relaxedDotOften } = (await WebAssembly.instantiate(module)).exports as unknown as ProbeExports;
  const cold = readingOf(relaxedDot);
  for (let i = 0; i < 10; i++) relaxedDotOften(0x7f7f7f7f, 0x7f7f7f7f, WARM_UP_CALLS / 10);
  await new Promise((resume) => setTimeout(resume, 1)); // a moment for the optimising compiler
  relaxedDotOften(0x7f7f7f7f, 0x7f7f7f7f, WARM_UP_CALLS / 10);
  return cold === readingOf(relaxedDot) ? cold : undefined;
}

const WARM_UP_CALLS = 200_000;

export function readingOf(dot: (a: number, b: number) => number): RelaxedDot | undefined {
  const readings = ['unsigned', 'signed', 'saturating'] as const;
  return readings.find((reading) => questions.every((question) => dot(question.a, question.b) === question[reading]));
}
