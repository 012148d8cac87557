import type { Backend } from './backend.ts';

/** Opens backends, the first of them before it is asked for. */
export interface OpenAhead {
  /** The one that was opened ahead, or another. */
  open(): Promise<Backend>;
  /** Closes the one that was opened ahead, unless it was taken. */
  dispose(): Promise<void>;
}

/** Opens a backend while its user still prepares for it: threads and devices take a while to come up. */
export function openAhead(open: () => Promise<Backend>): OpenAhead {
  let ahead: Promise<Backend> | undefined = open();
  ahead.catch(() => {}); // told to whoever takes it
  const take = (): Promise<Backend> | undefined => {
    const taken = ahead;
    ahead = undefined;
    return taken;
  };
  return {
    open: () => take() ?? open(),
    dispose: async () =>
      take()?.then(
        (backend) => backend.dispose(),
        () => {},
      ),
  };
}
