/** Little-endian bytes, growing; remembers where each field stands, so that tests can attack one of them. */
export class ByteWriter {
  #bytes = new Uint8Array(1024);
  length = 0;
  /** Every number written. */
  readonly fields: { readonly offset: number; readonly size: 1 | 2 | 4 | 8 }[] = [];

  u8 = (value: number) => this.#number(1, (view, at) => view.setUint8(at, value));
  i8 = (value: number) => this.#number(1, (view, at) => view.setInt8(at, value));
  u16 = (value: number) => this.#number(2, (view, at) => view.setUint16(at, value, true));
  i16 = (value: number) => this.#number(2, (view, at) => view.setInt16(at, value, true));
  u32 = (value: number) => this.#number(4, (view, at) => view.setUint32(at, value, true));
  i32 = (value: number) => this.#number(4, (view, at) => view.setInt32(at, value, true));
  f32 = (value: number) => this.#number(4, (view, at) => view.setFloat32(at, value, true));
  f64 = (value: number) => this.#number(8, (view, at) => view.setFloat64(at, value, true));
  u64 = (value: bigint | number) => this.#number(8, (view, at) => view.setBigUint64(at, BigInt(value), true));
  i64 = (value: bigint | number) => this.#number(8, (view, at) => view.setBigInt64(at, BigInt(value), true));

  /** A u64 length and UTF-8, or the given bytes. */
  string(text: string | Uint8Array): this {
    const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
    return this.u64(bytes.length).bytes(bytes);
  }

  bytes(bytes: Uint8Array): this {
    const start = this.#grow(bytes.length);
    this.#bytes.set(bytes, start);
    return this;
  }

  padTo(alignment: number): this {
    return this.bytes(new Uint8Array((alignment - (this.length % alignment)) % alignment));
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.length);
  }

  #number(size: 1 | 2 | 4 | 8, set: (view: DataView, at: number) => void): this {
    const offset = this.#grow(size);
    this.fields.push({ offset, size });
    set(new DataView(this.#bytes.buffer), offset);
    return this;
  }

  #grow(bytes: number): number {
    const start = this.length;
    this.length += bytes;
    if (this.length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.length, this.#bytes.length * 2));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    return start;
  }
}
