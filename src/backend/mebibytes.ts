/** Such as `12 MiB`: rounded up, for what is needed or missing. */
export const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;
