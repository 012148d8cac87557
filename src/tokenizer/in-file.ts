import { RealizarError } from '../errors.ts';

/**
 * What `parse` makes of a file.
 *
 * @throws RealizarError as `parse`, with the file's name before the message
 */
export function inFile<Parsed>(file: string, parse: () => Parsed): Parsed {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof RealizarError)) throw error;
    const { code, field, offset } = error;
    throw new RealizarError(code, `${file}: ${error.message}`, {
      ...(field === undefined ? {} : { field }),
      ...(offset === undefined ? {} : { offset }),
      cause: error,
    });
  }
}
