// The patterns by which published models cut text, and the names that `tokenizer.ggml.pre` has for them.

export const GPT2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
export const DIGIT = '\\p{N}';

const CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const WORD = '[^\\r\\n\\p{L}\\p{N}]?\\p{L}+';
const OTHER = ' ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*';
const OTHER_OR_SLASH = ' ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*';
const SPACES = '\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';
// `camelCase` is cut before its capital.
const CAPITALS = '[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]';
const SMALLS = '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]';
const CASED_WORD = `[^\\r\\n\\p{L}\\p{N}]?${CAPITALS}*${SMALLS}+`;
const CAPITAL_WORD = `[^\\r\\n\\p{L}\\p{N}]?${CAPITALS}+${SMALLS}*`;

const LLAMA3 = [CONTRACTION, WORD, '\\p{N}{1,3}', OTHER, SPACES].join('|');
const QWEN2 = [CONTRACTION, WORD, '\\p{N}', OTHER, SPACES].join('|');
const QWEN35 = [
  CONTRACTION,
  '[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+',
  '\\p{N}',
  ' ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*',
  SPACES,
].join('|');
const SEED_CODER = [CONTRACTION, WORD, '\\p{N}', ' ?[^\\s\\p{L}\\p{N}\\r\\n]+', SPACES].join('|');
const TEKKEN = [CASED_WORD, CAPITAL_WORD, '\\p{N}', OTHER_OR_SLASH, SPACES].join('|');
const GPT4O = [
  `${CASED_WORD}${CONTRACTION}?`,
  `${CAPITAL_WORD}${CONTRACTION}?`,
  '\\p{N}{1,3}',
  OTHER_OR_SLASH,
  SPACES,
].join('|');
const DEEPSEEK3 = [
  '[!"#$%&\'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+',
  '[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+',
  ' ?[\\p{P}\\p{S}]+[\\r\\n]*',
  SPACES,
].join('|');
const HAN_AND_KANA = '[一-龥\\u3040-\\u309f\\u30a0-\\u30ff]+';
const BLOOM = ' ?[^(\\s|.,!?…。，、।۔،)]+';

/** How a model cuts text: pattern after pattern, each within the pieces of the one before. */
export interface NamedCut {
  readonly patterns: readonly string[];
  /** A piece that is a token as a whole becomes that token, whatever the merges say. */
  readonly ignoreMerges?: boolean;
  /** Characters are composed first, as the model's own tokenizer does. */
  readonly nfc?: boolean;
}

const CUTS: readonly (readonly [names: string, cut: NamedCut])[] = [
  [
    'gpt-2 gpt2 phi-2 mpt jais trillion granite-docling gigachat mellum a.x-4.0 modern-bert jina-es jina-de jina-v1-en jina-v2-es jina-v2-de roberta-bpe',
    { patterns: [GPT2] },
  ],
  ['olmo', { patterns: [GPT2], nfc: true }],
  ['smollm starcoder refact codeshell exaone minerva-7b jina-v2-code', { patterns: [DIGIT, GPT2] }],
  ['command-r', { patterns: [DIGIT, GPT2], nfc: true }],
  ['llama3 llama-v3 llama-bpe falcon3 falcon-h1 pixtral midm-2.0 lfm2', { patterns: [LLAMA3], ignoreMerges: true }],
  ['dbrx smaug-bpe chatglm-bpe glm4', { patterns: [LLAMA3] }],
  ['qwen2 stablelm2', { patterns: [QWEN2], nfc: true }],
  ['deepseek-r1-qwen hunyuan megrez kormo grok-2 bailingmoe bailingmoe2 llada-moe', { patterns: [QWEN2] }],
  ['qwen35', { patterns: [QWEN35], nfc: true }],
  ['seed-coder', { patterns: [SEED_CODER] }],
  ['tekken', { patterns: [TEKKEN], ignoreMerges: true }],
  ['gpt-4o llama4 kanana2 minimax-m2', { patterns: [GPT4O] }],
  ['deepseek-coder', { patterns: ['[\\r\\n]', '\\s?\\p{L}+', '\\s?\\p{P}+', '[一-龥ࠀ-一가-퟿]+', DIGIT] }],
  ['deepseek-v3 hunyuan-dense joyai-llm', { patterns: ['\\p{N}{1,3}', HAN_AND_KANA, DEEPSEEK3] }],
  ['falcon', { patterns: ['[\\p{P}$+<=>^~|`]+', GPT2, '[0-9][0-9][0-9]'] }],
  ['bloom poro-chat gpt3-finnish', { patterns: [BLOOM] }],
  ['viking', { patterns: [BLOOM, DIGIT] }],
  ['default', { patterns: ['[\\p{P}$+<=>^~|]+', GPT2, '\\p{N}+', '[0-9][0-9][0-9]'] }],
];

/** How each `tokenizer.ggml.pre` cuts. */
export const CUT_OF_NAME: ReadonlyMap<string, NamedCut> = new Map(
  CUTS.flatMap(([names, cut]) => names.split(' ').map((name) => [name, cut] as const)),
);
