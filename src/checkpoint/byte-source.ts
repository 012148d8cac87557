/** Bytes at rest, read in ranges: a file, a Blob, a URL, memory. */
export interface ByteSource {
  /** For messages: a path, a URL, `memory`. */
  readonly name: string;
  readonly byteLength: number;
  /**
   * Reads bytes [start, end). With `into` (length end - start, may be a view of shared memory) the bytes go there and
   * `into` is returned; without it, a view that may share the source's own memory (zero-copy for memory sources).
   *
   * @throws RealizarError `out-of-bounds` | `truncated` | `changed-while-reading` | `io-failed`
   */
  read(start: number, end: number, into?: Uint8Array): Promise<Uint8Array>;
  close(): Promise<void>;
}
