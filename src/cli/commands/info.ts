import type { KvDType } from '../../backend/backend.ts';
import { describeBackends, openBackend } from '../../backend/open.ts';
import type { Checkpoint, MetadataValue } from '../../checkpoint/checkpoint.ts';
import { openCheckpoint } from '../../open-checkpoint.node.ts';
import { planModel } from '../../model/load-model.ts';
import { supportedKernelSets } from '../../backend/wasm/probe.ts';
import { version } from '../../version.ts';
import { megabytes } from '../loading.ts';
import { machine } from '../machine.ts';
import { memoryEstimate } from '../memory-estimate.ts';

export interface InfoFlags {
  readonly format: 'text' | 'json';
  readonly context?: number;
  readonly cacheType?: KvDType;
}

/** Values longer than this are counted, not listed: vocabularies have 150,000 entries. */
const LISTED_ENTRIES = 8;
const LISTED_CHARACTERS = 72;

/** `realizar info [MODEL]` */
export async function info(model: string | undefined, flags: InfoFlags): Promise<void> {
  const facts = model === undefined ? await machineFacts() : await modelFacts(model, flags);
  console.log(
    flags.format === 'json'
      ? JSON.stringify(facts)
      : model === undefined
        ? machineText(facts as MachineFacts)
        : modelText(facts as ModelFacts),
  );
}

type MachineFacts = Awaited<ReturnType<typeof machineFacts>>;
type ModelFacts = Awaited<ReturnType<typeof modelFacts>>;

const FEATURES = [
  'GGUF and SafeTensors models, unmodified',
  'Llama, Mistral, Qwen 2 and Qwen 3 transformers',
  'BPE, SentencePiece and unigram tokenizers',
  'greedy, top-k, top-p, min-p, typical, XTC, DRY and mirostat sampling',
  "HTTP: native routes and OpenAI's",
];

async function machineFacts() {
  const { cpu, threads, memoryBytes } = machine();
  const kernelSets = await supportedKernelSets();
  const backends = await describeBackends();
  return {
    version,
    features: FEATURES,
    node: process.versions.node,
    cpu,
    threads,
    memory_bytes: memoryBytes,
    simd: { mode: kernelSets[0], kernel_sets: kernelSets },
    adapters: backends.filter(({ name, isAvailable }) => name === 'webgpu' && isAvailable).map(({ detail }) => detail),
    backends,
  };
}

const machineText = (facts: MachineFacts): string => `Realizar v${facts.version}
The local LLM in your TypeScript process

Features:
${facts.features.map((feature) => `  ${feature}`).join('\n')}

CPU       ${facts.cpu}, ${facts.threads} threads
SIMD      ${facts.simd.mode} (of ${facts.simd.kernel_sets.join(', ')})
Node      ${facts.node}

Backends:
${facts.backends.map(({ name, detail, isChosen }) => `  ${name.padEnd(9)} ${detail}${isChosen ? ' (chosen by auto)' : ''}`).join('\n')}`;

async function modelFacts(path: string, { context, cacheType }: InfoFlags) {
  const checkpoint = await openCheckpoint(path);
  const backend = await openBackend('wasm', { threads: 1 });
  try {
    const plan = await planModel(checkpoint);
    const { rope, ...shape } = plan.config;
    return {
      name: checkpoint.name,
      format: checkpoint.format,
      size_bytes: checkpoint.byteLength,
      architecture: shape.architecture,
      parameters: [...checkpoint.tensors.values()].reduce(
        (sum, { shape: dims }) => sum + dims.reduce((product, n) => product * n, 1),
        0,
      ),
      dtypes: countDTypes(checkpoint),
      config: { ...shape, ropePairing: rope.pairing },
      memory_bytes: memoryEstimate(plan, backend, context, cacheType),
      metadata: Object.fromEntries([...checkpoint.metadata].map(([key, value]) => [key, listed(value)])),
      tensors: [...checkpoint.tensors.values()].map(({ name, dtype, shape: dims, byteLength }) => ({
        name,
        dtype,
        shape: dims,
        bytes: byteLength,
      })),
    };
  } finally {
    await backend.dispose();
    await checkpoint.close();
  }
}

function countDTypes(checkpoint: Checkpoint): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { dtype } of checkpoint.tensors.values()) counts[dtype] = (counts[dtype] ?? 0) + 1;
  return counts;
}

/** A metadata value as JSON can hold it; long arrays by their length and first entries. */
function listed(value: MetadataValue): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object') return value;
  const entries = Array.from<MetadataValue, unknown>(
    value.slice(0, LISTED_ENTRIES) as ArrayLike<MetadataValue>,
    listed,
  );
  return value.length > LISTED_ENTRIES ? { length: value.length, first: entries } : entries;
}

function modelText(facts: ModelFacts): string {
  const metadata = Object.entries(facts.metadata).map(
    ([key, value]) => `  ${key.padEnd(44)} ${clipped(JSON.stringify(value))}`,
  );
  const tensors = facts.tensors.map(
    ({ name, dtype, shape, bytes }) =>
      `  ${name.padEnd(34)} ${dtype.padEnd(5)} ${`[${shape.join(', ')}]`.padEnd(16)} ${megabytes(bytes)}`,
  );
  const dtypes = Object.entries(facts.dtypes).map(([dtype, count]) => `${dtype} × ${count}`);
  return `${facts.name} (${facts.format}, ${megabytes(facts.size_bytes)})
architecture  ${facts.architecture}, ${(facts.parameters / 1e6).toFixed(1)} million parameters
layers        ${facts.config.numLayers}, hidden ${facts.config.hiddenSize}, heads ${facts.config.numHeads}/${facts.config.numKvHeads} of ${facts.config.headDim}, feed-forward ${facts.config.intermediateSize}
context       ${facts.config.contextLength} tokens
dtypes        ${dtypes.join(', ')}
memory        ${megabytes(facts.memory_bytes.total)} (weights ${megabytes(facts.memory_bytes.weights)}, kv cache ${megabytes(facts.memory_bytes.kvCache)} in ${facts.memory_bytes.cacheType} for ${facts.memory_bytes.contextLength} tokens)

metadata
${metadata.join('\n')}

tensors
${tensors.join('\n')}`;
}

const clipped = (text: string): string =>
  text.length > LISTED_CHARACTERS ? `${text.slice(0, LISTED_CHARACTERS)}…` : text;
