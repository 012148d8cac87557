import { arrayAt, badJson, idAt, isObject, objectAt, stringAt, unsupportedJson } from './fields.ts';
import { stepsOf, type Step } from './stages.ts';

/** What `addSpecial` adds around a text. */
export interface SpecialFrame {
  readonly prefixIds: readonly number[];
  readonly suffixIds: readonly number[];
}

/** The stage `post_processor` of a tokenizer.json, for single texts. @throws RealizarError `bad-tokenizer` | `unsupported-tokenizer` */
export function jsonPostProcessor(value: unknown, vocabSize: number): SpecialFrame {
  let frame: SpecialFrame = { prefixIds: [], suffixIds: [] };
  for (const step of stepsOf(value, 'post_processor', 'processors')) {
    if (step.type === 'TemplateProcessing') frame = templateFrame(step, vocabSize);
    else if (step.type === 'RobertaProcessing' || step.type === 'BertProcessing') frame = pairFrame(step, vocabSize);
    else if (step.type !== 'ByteLevel') throw unsupportedJson(step.field, step.type);
  }
  return frame;
}

function templateFrame({ field, json }: Step, vocabSize: number): SpecialFrame {
  const specials = objectAt(json['special_tokens'] ?? {}, `${field}.special_tokens`);
  const prefixIds: number[] = [];
  const suffixIds: number[] = [];
  let afterText = false;
  for (const item of arrayAt(json['single'], `${field}.single`)) {
    if (isObject(item) && isObject(item['Sequence'])) afterText = true;
    else {
      const special = objectAt(objectAt(item, `${field}.single`)['SpecialToken'], `${field}.single`);
      const name = stringAt(special['id'], `${field}.single.id`);
      const ids = Object.hasOwn(specials, name)
        ? objectAt(specials[name], `${field}.special_tokens`)['ids']
        : undefined;
      if (!Array.isArray(ids)) throw badJson(`${field}.special_tokens`, `lacks ${JSON.stringify(name.slice(0, 40))}`);
      (afterText ? suffixIds : prefixIds).push(
        ...ids.map((id: unknown) => idAt(id, `${field}.special_tokens`, vocabSize)),
      );
    }
  }
  return { prefixIds, suffixIds };
}

/** `[CLS]` in front, `[SEP]` behind: `"cls": ["[CLS]", 101]`. */
function pairFrame({ field, json }: Step, vocabSize: number): SpecialFrame {
  const idOf = (name: string): number =>
    idAt(arrayAt(json[name], `${field}.${name}`)[1], `${field}.${name}`, vocabSize);
  return { prefixIds: [idOf('cls')], suffixIds: [idOf('sep')] };
}
