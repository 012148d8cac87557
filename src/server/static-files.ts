/** A file to send as it is. */
export interface StaticFile {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Files by their path in URLs, without the first slash: `page/page.js`; undefined where there is none. */
export type StaticFiles = (path: string) => Promise<StaticFile | undefined>;
