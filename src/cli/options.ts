import { Option, type Command } from 'commander';
import { autotuneModes, kvDTypes, type AutotuneMode, type BackendChoice, type KvDType } from '../backend/backend.ts';
import { MAX_PROMPT_LOOKUP } from '../engine/check-request.ts';
import type { LoadOptions } from '../engine/engine-api.ts';
import type { SamplingParams } from '../sampling/params.ts';
import { integer, integers, logitBias, number, repeatable, seed } from './parsers.ts';

/** What `addLoadOptions` adds, as commander names it. */
export interface LoadFlags {
  readonly backend: BackendChoice;
  readonly device?: string;
  readonly threads?: number | number[];
  readonly context?: number;
  readonly cacheType?: KvDType;
  readonly autotune?: AutotuneMode;
  readonly wideVectors: boolean;
}

// `webgl` is for pages.
const backends: readonly BackendChoice[] = ['auto', 'webgpu', 'wasm', 'reference'];

export function addLoadOptions(command: Command, { threadList = false } = {}): Command {
  return command
    .addOption(
      new Option('--backend <name>', 'where the arithmetic happens; auto: a GPU that holds the model, else the CPU')
        .choices(backends)
        .default('auto'),
    )
    .option('--device <name>', 'the GPU to take, by a part of its name ("realizar info" lists them)')
    .addOption(
      new Option(
        threadList ? '--threads <list>' : '--threads <count>',
        'threads; default: the physical cores',
      ).argParser<number | number[]>(threadList ? integers(1, 256) : integer(1, 256)),
    )
    .option('-c, --context <tokens>', "context length; default: the model's own, at most 8192", integer(1, 2 ** 24))
    .addOption(
      new Option(
        '--cache-type <type>',
        'how keys and values are stored; default: f32 on the CPU, f16 on a GPU',
      ).choices(kvDTypes),
    )
    .addOption(
      new Option('--autotune <mode>', "time a GPU's kernels on the weights; on: once for a model, then kept").choices(
        autotuneModes,
      ),
    )
    .option('--wide-vectors', 'let V8 fuse vectors to 256 bits where that was proven to give the same bits', true)
    .option('--no-wide-vectors', 'leave them at 128 bits');
}

export function loadOptionsOf(flags: LoadFlags): LoadOptions {
  return {
    backend: flags.backend,
    wideVectors: flags.wideVectors,
    ...(flags.device !== undefined && { device: flags.device }),
    ...(flags.cacheType !== undefined && { kvCacheType: flags.cacheType }),
    ...(flags.autotune !== undefined && { autotune: flags.autotune }),
    ...(typeof flags.threads === 'number' && { threads: flags.threads }),
    ...(flags.context !== undefined && { contextLength: flags.context }),
  };
}

type SamplerFlag = readonly [
  flag: string,
  field: keyof SamplingParams,
  // oxlint-disable-next-line typescript/no-explicit-any -- commander hands a repeated option its own earlier result
  parse: (text: string, previous?: any) => unknown,
  description: string,
];

/** One line per field of `SamplingParams`. */
const samplerFlags: readonly SamplerFlag[] = [
  [
    '-t, --temperature <value>',
    'temperature',
    number(0, 100),
    'randomness; 0: always the likeliest token (default 0.7)',
  ],
  ['--seed <number>', 'seed', seed, 'the same seed gives the same text'],
  ['--top-k <count>', 'topK', integer(0, 2 ** 31), 'keep the k likeliest; 0: all'],
  ['--top-p <share>', 'topP', number(0, 1), 'keep the likeliest that reach this probability together; 1: all'],
  ['--min-p <share>', 'minP', number(0, 1), 'keep what is at least this likely, relative to the best; 0: all'],
  ['--typical-p <share>', 'typicalP', number(0, 1), 'locally typical sampling; 1: off'],
  ['--top-n-sigma <n>', 'topNSigma', number(-1, 1000), 'keep logits within n standard deviations of the best; -1: off'],
  ['--xtc-probability <p>', 'xtcProbability', number(0, 1), 'chance to drop the top choices; 0: off'],
  ['--xtc-threshold <p>', 'xtcThreshold', number(0, 1), 'what counts as a top choice for XTC'],
  ['--min-keep <count>', 'minKeep', integer(0, 2 ** 31), 'truncating samplers keep at least so many'],
  ['--dynatemp-range <value>', 'dynatempRange', number(0, 100), 'entropy-based temperature: plus or minus; 0: off'],
  ['--dynatemp-exponent <value>', 'dynatempExponent', number(0, 100), 'how entropy maps to temperature'],
  ['--repeat-penalty <factor>', 'repetitionPenalty', number(0.01, 100), 'penalty on repeated tokens; 1: off'],
  ['--presence-penalty <value>', 'presencePenalty', number(-100, 100), 'penalty on tokens that occurred; 0: off'],
  ['--frequency-penalty <value>', 'frequencyPenalty', number(-100, 100), 'penalty per occurrence; 0: off'],
  ['--penalty-last-n <count>', 'penaltyLastN', integer(-1, 2 ** 31), 'tokens the penalties look back; -1: all'],
  ['--dry-multiplier <value>', 'dryMultiplier', number(0, 100), 'DRY: penalty on repeated phrases; 0: off'],
  ['--dry-base <value>', 'dryBase', number(1, 100), 'DRY: growth with the length of the repetition'],
  ['--dry-allowed-length <count>', 'dryAllowedLength', integer(0, 2 ** 31), 'DRY: repetitions of this length are free'],
  ['--dry-penalty-last-n <count>', 'dryPenaltyLastN', integer(-1, 2 ** 31), 'DRY: tokens it looks back; -1: all'],
  [
    '--dry-sequence-breaker <text>',
    'drySequenceBreakers',
    repeatable,
    'DRY: starts anew at this text (can be given again)',
  ],
  ['--mirostat <version>', 'mirostat', integer(0, 2), 'mirostat 1 or 2 instead of the truncating samplers; 0: off'],
  ['--mirostat-tau <value>', 'mirostatTau', number(0, 100), 'mirostat: target surprise'],
  ['--mirostat-eta <value>', 'mirostatEta', number(0, 100), 'mirostat: learning rate'],
  ['--logit-bias <id=bias>', 'logitBias', logitBias, 'add to the logit of a token (can be given again)'],
  ['--samplers <list>', 'samplers', (text) => text.split(','), 'the chain, in order, separated by commas'],
];

export function addSamplerOptions(command: Command): Command {
  for (const [flag, , parse, description] of samplerFlags) {
    command.addOption(new Option(flag, description).argParser(parse).helpGroup('Sampling:'));
  }
  return command;
}

export function addPromptLookup(command: Command): Command {
  return command.option(
    '--prompt-lookup <tokens>',
    'guess up to so many tokens at once from what the text said before; the same answer, sooner where it repeats',
    integer(0, MAX_PROMPT_LOOKUP),
    0,
  );
}

/** The sampling fields among a command's options, by their names in the library. */
export function samplingOf(flags: Readonly<Record<string, unknown>>): Partial<SamplingParams> {
  const entries = samplerFlags.flatMap(([flag, field]) => {
    const value = flags[new Option(flag).attributeName()];
    return value === undefined ? [] : [[field, value] as const];
  });
  return Object.fromEntries(entries);
}
