import { badJson, objectAt, stringAt, type JsonObject } from './fields.ts';

// Published files nest one Sequence within none; the limit only keeps a crafted file from exhausting the stack.
const MAX_DEPTH = 8;

/** A step of a stage of tokenizer.json: `{ "type": "Split", … }`, with its path for messages. */
export interface Step {
  readonly type: string;
  readonly field: string;
  readonly json: JsonObject;
}

/** The steps of a stage, with every `Sequence` unrolled; none for null. @param list the name a Sequence has for its steps */
export function stepsOf(value: unknown, field: string, list: string, depth = 0): Step[] {
  if (value === null || value === undefined) return [];
  if (depth > MAX_DEPTH) throw badJson(field, 'is nested too deep');
  const json = objectAt(value, field);
  const type = stringAt(json['type'], `${field}.type`);
  if (type !== 'Sequence') return [{ type, field, json }];
  const steps = json[list];
  if (!Array.isArray(steps)) throw badJson(`${field}.${list}`, 'must be a list');
  return steps.flatMap((step: unknown, index) => stepsOf(step, `${field}.${list}[${index}]`, list, depth + 1));
}
