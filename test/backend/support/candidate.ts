import { afterAll, beforeAll, describe } from 'vitest';
import type { Backend, KvDType } from '../../../src/backend/backend.ts';
import type { DType } from '../../../src/dtype/index.ts';

/** A backend, or one kernel set of it, and how exact it promises to be. */
export interface Candidate {
  readonly name: string;
  readonly open: (threads?: number) => Promise<Backend>;
  /** It computes on as many threads as it is opened with. */
  readonly isThreaded?: boolean;
  /** What takes long is asked of it for one dtype only. */
  readonly isSlow?: boolean;
  /** Largest relative root mean square error of one product with a weight of this dtype. */
  readonly tolerance: (dtype: DType) => number;
  /** How it can store keys and values. */
  readonly kvDTypes: readonly KvDType[];
}

type Tests = (backend: () => Backend, candidate: Candidate) => void;

/** @returns what runs the tests of an op on every candidate; `backend()` is open while they run */
export const describeOn =
  (candidates: readonly Candidate[]) =>
  (op: string, tests: Tests): void => {
    describe.each(candidates)(`${op} on $name`, (candidate) => {
      let backend: Backend | undefined;
      beforeAll(async () => {
        backend = await candidate.open();
      });
      afterAll(async () => {
        await backend?.dispose();
      });
      tests(() => backend!, candidate);
    });
  };
