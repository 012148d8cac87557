import { InvalidArgumentError } from 'commander';

/** A whole number in [min, max]. */
export const integer =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text);
    if (/^-?\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It has to be a whole number from ${min} to ${max}.`);
  };

/** A number in [min, max]. */
export const number =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() !== '' && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It has to be a number from ${min} to ${max}.`);
  };

/** 64 bits, kept whole. */
export function seed(text: string): bigint {
  if (/^\d{1,20}$/.test(text) && BigInt(text) < 2n ** 64n) return BigInt(text);
  throw new InvalidArgumentError('It has to be a whole number from 0 to 18446744073709551615.');
}

/** `1,2,4` */
export const integers =
  (min: number, max: number) =>
  (text: string): number[] =>
    text.split(',').map(integer(min, max));

/** Collects an option that may be given more than once. */
export const repeatable = (text: string, previous: readonly string[] = []): string[] => [...previous, text];

/** `ID=BIAS`, collected. */
export function logitBias(text: string, previous: ReadonlyMap<number, number> = new Map()): Map<number, number> {
  const [, id, bias] = /^(\d+)=(-?[\d.]+|-inf)$/i.exec(text) ?? [];
  if (id === undefined || bias === undefined)
    throw new InvalidArgumentError('It has to be ID=BIAS, such as 42=-1.5 or 42=-inf.');
  return new Map(previous).set(Number(id), bias.toLowerCase() === '-inf' ? -Infinity : number(-1000, 1000)(bias));
}
