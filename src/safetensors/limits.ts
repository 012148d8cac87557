/** Upstream allows 100,000,000; the largest real headers have about 1 MB, and parsing takes several times the text in memory. */
export const MAX_HEADER_BYTES = 32 * 2 ** 20;
/** Tensors of one file. Models that store many more experts one by one are split over many files. */
export const MAX_TENSORS = 65_536;
/** Tensors of all shards: DeepSeek-V3 has 91,000. */
export const MAX_INDEXED_TENSORS = 131_072;
/** A tensor's name, dtype, rank and offsets. Leaves room for 16 values for each of `MAX_TENSORS`. */
export const MAX_HEADER_VALUES = MAX_TENSORS * 16;
/** `{ name: { shape: [ ... ] } }` is 3 deep. */
export const MAX_HEADER_DEPTH = 4;
/** NumPy's and PyTorch's own limit is 32 or 64. */
export const MAX_RANK = 32;

/** Shards of one model. The largest published ones have under 300. */
export const MAX_SHARDS = 1024;
/** Files of settings nest a few levels; code that walks them may recurse. */
export const MAX_SETTINGS_DEPTH = 32;
export const MAX_SETTINGS_VALUES = 2 ** 20;

const MIB = 2 ** 20;

/** The files of a folder beside the weights, and how large each may be: vocabularies grow with the languages, settings do not. */
export const companionLimits: ReadonlyMap<string, number> = new Map([
  ['config.json', 4 * MIB],
  ['generation_config.json', 4 * MIB],
  ['tokenizer_config.json', 16 * MIB],
  ['special_tokens_map.json', 4 * MIB],
  ['chat_template.jinja', 4 * MIB],
  ['tokenizer.json', 128 * MIB],
  ['tokenizer.model', 64 * MIB],
  ['model.safetensors.index.json', 32 * MIB],
]);
