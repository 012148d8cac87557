import { describe, expect, test } from 'vitest';
import type { Backend } from '../../src/backend/backend.ts';
import { openAhead } from '../../src/backend/open-ahead.ts';
import { createReferenceBackend } from '../../src/backend/reference/reference-backend.ts';

function counted() {
  const events: string[] = [];
  const open = async (): Promise<Backend> => {
    const name = `backend ${events.filter((event) => event.startsWith('open')).length + 1}`;
    events.push(`open ${name}`);
    return Object.assign(createReferenceBackend(), { dispose: async () => void events.push(`dispose ${name}`) });
  };
  return { events, open };
}

describe('openAhead', () => {
  test('opens a backend before it is asked for, and others when they are', async () => {
    const { events, open } = counted();
    const backends = openAhead(open);
    expect(events).toEqual(['open backend 1']);
    const first = await backends.open();
    expect(events).toEqual(['open backend 1']);
    expect(await backends.open()).not.toBe(first);
    expect(events).toEqual(['open backend 1', 'open backend 2']);
  });

  test('closes what nobody took, and only that', async () => {
    const untaken = counted();
    await openAhead(untaken.open).dispose();
    expect(untaken.events).toEqual(['open backend 1', 'dispose backend 1']);
    const taken = counted();
    const backends = openAhead(taken.open);
    await backends.open();
    await backends.dispose();
    expect(taken.events).toEqual(['open backend 1']);
  });

  test('tells why opening failed to who takes it, and to nobody else', async () => {
    const fail = () => Promise.reject(new Error('no threads'));
    await expect(openAhead(fail).open()).rejects.toThrow('no threads');
    await expect(openAhead(fail).dispose()).resolves.toBeUndefined();
  });
});
