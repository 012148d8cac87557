import { expect } from 'vitest';
import { RealizarError, type ErrorCode } from '../../src/errors.ts';

/** The error that `work` ends with, which has to be one of ours and readable. */
export async function refusal(work: () => unknown): Promise<RealizarError> {
  let error: unknown;
  try {
    await work();
  } catch (caught) {
    error = caught;
  }
  expect(error).toBeInstanceOf(RealizarError);
  const { message } = error as RealizarError;
  expect(message.length).toBeLessThan(500);
  expect(message).not.toMatch(/[\p{Cc}\uFFFD]/u);
  return error as RealizarError;
}

/** Expects a refusal with a code, and a message that names what it is about. */
export async function expectRefusal(
  work: () => unknown,
  code: ErrorCode,
  ...named: (string | RegExp)[]
): Promise<void> {
  await refusalWith(work, code, ...named);
}

/** The same, for tests that look closer at the error. */
export async function refusalWith(
  work: () => unknown,
  code: ErrorCode,
  ...named: (string | RegExp)[]
): Promise<RealizarError> {
  const error = await refusal(work);
  expect({ code: error.code, message: error.message }).toEqual({ code, message: expect.any(String) });
  for (const text of named) expect(error.message).toMatch(text);
  return error;
}
