// The last question of a login: which of the sandboxes that the credential sees is the one to work in.

import type { Sandbox } from '../api/client.ts';
import type { Output } from '../output/output.ts';
import type { Prompts } from '../output/prompts.ts';
import { padEnd, visibleWidth } from '../output/width.ts';

/** More than this are told by their number: whoever has so many knows the name. */
const mostShown = 30;
const hint = 'give --sandbox NAME';

/**
 * Asks for a sandbox by number or by name; `undefined` for none. Enter takes the organization's default one, where the
 * service marks one; a single sandbox is taken without a question.
 */
export async function askForSandbox(
  sandboxes: readonly Sandbox[],
  prompts: Prompts,
  output: Output,
): Promise<string | undefined> {
  const [only] = sandboxes;
  if (only !== undefined && sandboxes.length === 1) {
    output.note(`Sandbox "${only.name}" is the only one that these credentials can use.`);
    return only.name;
  }
  output.note(sandboxTable(sandboxes));
  const preset = sandboxes.find(({ isDefault }) => isDefault)?.name;
  const enter = preset === undefined ? 'Enter for none' : `Enter for ${preset}, - for none`;
  for (let prefix = ''; ; prefix = '(no such sandbox) ') {
    const answer = await prompts.text(`${prefix}Sandbox, by number or name (${enter}):`, hint);
    if (answer === '') return preset;
    if (answer === '-') return undefined;
    const named = sandboxes.find(({ name }) => name === answer);
    const chosen = named ?? (/^[1-9]\d{0,5}$/.test(answer) ? sandboxes[Number(answer) - 1] : undefined);
    if (chosen !== undefined) return chosen.name;
  }
}

/** `  1  prod  production, default` for each. */
function sandboxTable(sandboxes: readonly Sandbox[]): string {
  const shown = sandboxes.slice(0, mostShown);
  const width = Math.max(...shown.map(({ name }) => visibleWidth(name)));
  const digits = String(shown.length).length;
  const lines = shown.map(({ name, type, state, isDefault }, at) => {
    const isOdd = state !== undefined && state !== 'active';
    const facts = [...(type === undefined ? [] : [type]), ...(isDefault ? ['default'] : [])];
    const about = [...facts, ...(isOdd ? [state] : [])].join(', ');
    return `  ${String(at + 1).padStart(digits)}  ${padEnd(name, width)}  ${about}`.trimEnd();
  });
  const hidden = sandboxes.length - shown.length;
  if (hidden > 0) lines.push(`  and ${hidden} more, to be given by name`);
  return ['Sandboxes that these credentials can use:', ...lines].join('\n');
}
