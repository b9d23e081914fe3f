// How wide a help page may be, and whether its headings may be bold: answered without loading the output room.

import type { OutputStream } from './host.ts';

/**
 * `COLUMNS`, else the terminal's width, else 80. Bold on a terminal and where FORCE_COLOR asks for it, unless NO_COLOR,
 * TERM=dumb or `--no-color` forbid it.
 */
export function helpLook(
  env: Readonly<Record<string, string | undefined>>,
  { isTTY, columns }: Pick<OutputStream, 'isTTY' | 'columns'>,
  noColorFlag: boolean,
): { readonly columns: number; readonly isStyled: boolean } {
  const isTerminal = isTTY === true;
  const asked = /^[1-9]\d{0,4}$/.test(env['COLUMNS'] ?? '') ? Number(env['COLUMNS']) : undefined;
  const forced = env['FORCE_COLOR'];
  const isForced = forced ? forced !== '0' && forced !== 'false' : undefined;
  return {
    columns: asked ?? (isTerminal && columns ? columns : 80),
    isStyled: !noColorFlag && !env['NO_COLOR'] && (isForced ?? (isTerminal && env['TERM'] !== 'dumb')),
  };
}
