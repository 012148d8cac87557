import { serveEngine } from '../../../src/browser/serve-engine.ts';

/** A worker in the same thread: what `createWorkerEngine` needs of one, over a channel that clones like any other. */
export function portWorker(): Worker & { terminated: boolean } {
  const { port1, port2 } = new MessageChannel();
  serveEngine(port2);
  port2.start();
  return Object.assign(port1, {
    onerror: null,
    terminated: false,
    terminate(this: { terminated: boolean }): void {
      this.terminated = true;
      port1.close();
    },
  }) as unknown as Worker & { terminated: boolean };
}
