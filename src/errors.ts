/** What went wrong, for programs. The message says the same for people. */
export type ErrorCode =
  // files
  | 'bad-magic'
  | 'unsupported-version'
  | 'truncated'
  | 'implausible-count'
  | 'bad-length'
  | 'bad-value'
  | 'unknown-type'
  | 'duplicate-name'
  | 'misaligned'
  | 'out-of-bounds'
  | 'overlap'
  | 'bad-json'
  | 'limit-exceeded'
  | 'not-a-regular-file'
  | 'file-not-found'
  | 'io-failed'
  | 'changed-while-reading'
  | 'missing-file'
  | 'unknown-format'
  // models
  | 'unknown-architecture'
  | 'missing-metadata'
  | 'bad-hparam'
  | 'missing-tensor'
  | 'shape-mismatch'
  | 'unsupported-dtype'
  | 'unsupported-tokenizer'
  | 'bad-tokenizer'
  // requests
  | 'invalid-argument'
  | 'context-length-exceeded'
  | 'template-error'
  | 'template-limit'
  | 'model-not-found'
  | 'aborted'
  // the machine
  | 'backend-unavailable'
  | 'backend-failed'
  | 'device-lost'
  | 'shader-error'
  | 'out-of-memory'
  | 'closed'
  | 'port-in-use'
  | 'listen-failed'
  | 'queue-full';

/**
 * Every error that realizar throws on purpose.
 *
 * `code` is for programs, `message` for people: it names the file, the field and the way out, and never dumps bytes.
 */
export class RealizarError extends Error {
  override readonly name = 'RealizarError';
  readonly code: ErrorCode;
  /** What the message is about: a metadata key, a tensor's name, a request's field. */
  readonly field: string | undefined;
  /** Where in the file, in bytes from its start. */
  readonly offset: number | undefined;

  constructor(code: ErrorCode, message: string, about: { field?: string; offset?: number; cause?: unknown } = {}) {
    super(message, about.cause === undefined ? undefined : { cause: about.cause });
    this.code = code;
    this.field = about.field;
    this.offset = about.offset;
  }
}
