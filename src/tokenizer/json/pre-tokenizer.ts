import { toByteLevel } from '../byte-level.ts';
import { metaspace, type PrependScheme } from '../metaspace.ts';
import { GPT2 } from '../patterns.ts';
import { sequence, type PreTokenizer } from '../pre-tokenizer.ts';
import { splitByAlternatives, splitByPattern, type SplitBehavior } from '../split.ts';
import { booleanAt, stringAt, unsupportedJson } from './fields.ts';
import { patternAt } from './pattern.ts';
import { stepsOf, type Step } from './stages.ts';

const BEHAVIORS: readonly string[] = ['Isolated', 'Removed', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'];
const PUNCTUATION = '[\\p{P}!-/:-@\\[-`{-~]';

/** The stage `pre_tokenizer` of a tokenizer.json. */
export interface JsonPreTokenizer {
  readonly preTokenize: PreTokenizer | undefined;
  /** The model is to spell the bytes of each piece, because ByteLevel is the last step. */
  readonly byteLevel: boolean;
}

/** @throws RealizarError `bad-tokenizer` | `unsupported-tokenizer` */
export function jsonPreTokenizer(value: unknown): JsonPreTokenizer {
  const steps = stepsOf(value, 'pre_tokenizer', 'pretokenizers');
  const byteLevel = steps.at(-1)?.type === 'ByteLevel';
  const stages = steps.flatMap((step, index) => stagesOf(step, byteLevel && index === steps.length - 1));
  return { preTokenize: stages.length > 0 ? sequence(stages) : undefined, byteLevel };
}

function stagesOf(step: Step, isLastByteLevel: boolean): PreTokenizer[] {
  const { field, json } = step;
  switch (step.type) {
    case 'ByteLevel':
      return byteLevelStages(step, isLastByteLevel);
    case 'Split':
      return [
        splitByAlternatives(
          patternAt(json['pattern'], `${field}.pattern`),
          behaviorOf(step),
          booleanAt(json['invert'], `${field}.invert`, false),
        ),
      ];
    case 'Digits':
      return [
        splitByPattern(
          '\\p{N}',
          booleanAt(json['individual_digits'], `${field}.individual_digits`, false) ? 'Isolated' : 'Contiguous',
        ),
      ];
    case 'Punctuation':
      return [splitByPattern(PUNCTUATION, behaviorOf(step))];
    case 'Metaspace':
      return [metaspaceStage(step)];
    case 'WhitespaceSplit':
      return [splitByPattern('\\s', 'Removed')];
    case 'Whitespace':
      return [splitByPattern('\\w+|[^\\w\\s]+', 'Removed', true)];
    case 'BertPreTokenizer':
      return [splitByPattern('\\s', 'Removed'), splitByPattern(PUNCTUATION)];
    default:
      throw unsupportedJson(field, step.type);
  }
}

function behaviorOf({ field, json }: Step): SplitBehavior {
  const behavior = json['behavior'] ?? 'Isolated';
  if (typeof behavior !== 'string' || !BEHAVIORS.includes(behavior))
    throw unsupportedJson(`${field}.behavior`, behavior);
  return behavior as SplitBehavior;
}

function byteLevelStages({ field, json }: Step, isLast: boolean): PreTokenizer[] {
  const stages: PreTokenizer[] = [];
  if (booleanAt(json['add_prefix_space'], `${field}.add_prefix_space`, true))
    stages.push((text, atStart, emit) => emit(text.startsWith(' ') ? text : ` ${text}`, atStart));
  if (booleanAt(json['use_regex'], `${field}.use_regex`, true)) stages.push(splitByPattern(GPT2));
  // Steps after this one see the spelling of bytes, as odd as that is: `½` is a number, and the spelling of byte 0xBD.
  if (!isLast) stages.push((text, atStart, emit) => emit(toByteLevel(text), atStart));
  return stages;
}

function metaspaceStage({ field, json }: Step): PreTokenizer {
  const replacement = json['replacement'] === undefined ? '▁' : stringAt(json['replacement'], `${field}.replacement`);
  const legacy = booleanAt(json['add_prefix_space'], `${field}.add_prefix_space`, true) ? 'always' : 'never';
  const scheme = json['prepend_scheme'] ?? legacy;
  if (scheme !== 'always' && scheme !== 'never' && scheme !== 'first')
    throw unsupportedJson(`${field}.prepend_scheme`, scheme);
  return metaspace(replacement, scheme satisfies PrependScheme, booleanAt(json['split'], `${field}.split`, true));
}
