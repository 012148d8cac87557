/** A file that this process holds open. Its threads may read it by themselves: a descriptor is the same in all of them. */
export interface OpenFile {
  readonly descriptor: number;
  /** To be asked after reading. @throws RealizarError `changed-while-reading` | `io-failed` */
  verify(): Promise<void>;
}

/** Where in an open file bytes begin. */
export interface FileRange {
  readonly file: OpenFile;
  readonly offset: number;
}
