/** An argument as it is typed into a shell: in quotes where it needs them. */
export function shellWord(argument: string): string {
  if (/^[\w./:=@%+,-]+$/.test(argument)) return argument
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a line break would end the command
  if (!/[\u0000-\u001f\u007f]/.test(argument)) return `'${argument.replaceAll("'", "'\\''")}'`
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are written as escapes
  return `$'${argument.replace(/[\u0000-\u001f\u007f\\']/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)}'`
}
