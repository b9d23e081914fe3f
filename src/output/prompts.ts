// Questions to a person at a terminal; asked on stderr so that stdout stays data.

import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { SegjobsError } from '../errors.ts';
import { safeText } from '../safe-text.ts';

export interface Prompts {
  /** Whether a question can be asked at all: stdin and stderr are terminals and `--no-input` was not given. */
  readonly canAsk: boolean;
  /** Yes or no; Enter means no. Throws `WOULD_PROMPT` with the hint when nobody can be asked. */
  confirm(question: string, hint: string): Promise<boolean>;
  /** One line, without blanks at its ends; empty when only Enter was pressed. */
  text(question: string, hint: string): Promise<string>;
  /** One line without echo, without blanks at its ends. */
  secret(question: string, hint: string): Promise<string>;
}

export interface PromptFacts {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean | undefined };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean | undefined };
  readonly noInput: boolean;
  /** Ends a question that is being asked; its reason is thrown. */
  readonly signal: AbortSignal;
}

/**
 * Prompts on a terminal. Ctrl-C and Ctrl-D throw `INTERRUPTED` (Ctrl-D at a yes-or-no question means no), a signal
 * throws its reason, and each way out leaves the terminal as it was, echo included.
 *
 * Node's own readline, because the prompt libraries we tried (@inquirer 10, @clack 1.9) take Ctrl-D for the end of
 * the program and let it exit with 0 in the middle of a login, and draw escape codes on TERM=dumb.
 */
export function createPrompts({ stdin, stderr, noInput, signal }: PromptFacts): Prompts {
  const canAsk = stdin.isTTY === true && stderr.isTTY === true && !noInput;

  /** The line typed, or `undefined` for Ctrl-D. */
  async function ask(question: string, hint: string, echo: boolean): Promise<string | undefined> {
    const shown = safeText(question);
    if (!canAsk) {
      const why = noInput ? '--no-input was given' : 'there is no terminal to ask on';
      throw new SegjobsError('WOULD_PROMPT', `would have to ask "${shown}", but ${why}`, { hint });
    }
    signal.throwIfAborted();
    // A terminal in readline's hands is raw, so nothing but readline can echo; without an output of its own it is mute.
    const output = echo ? stderr : new Writable({ write: (_chunk, _encoding, done) => done() });
    const lines = createInterface({ input: stdin, output, terminal: true, historySize: 0 });
    let stop: (() => void) | undefined;
    try {
      return await new Promise<string | undefined>((resolve, reject) => {
        stop = () => reject(signal.reason);
        signal.addEventListener('abort', stop, { once: true });
        lines.on('SIGINT', () => reject(new SegjobsError('INTERRUPTED', 'stopped at a question')));
        lines.on('close', () => resolve(undefined));
        if (!echo) stderr.write(`${shown} `);
        lines.question(echo ? `${shown} ` : '', (answer) => resolve(withErasures(answer)));
      }).catch((cause: unknown) => {
        stderr.write('\n');
        throw cause;
      });
    } finally {
      if (stop !== undefined) signal.removeEventListener('abort', stop);
      lines.close();
      if (!echo) stderr.write('\n');
    }
  }

  async function line(question: string, hint: string, echo: boolean): Promise<string> {
    const answer = await ask(question, hint, echo);
    if (answer === undefined) throw new SegjobsError('INTERRUPTED', 'stopped at a question');
    return answer.trim();
  }

  return {
    canAsk,
    confirm: async (question, hint) =>
      /^y(es)?$/i.test((await ask(`${question} [y/N]`, hint, true))?.trim() ?? ''),
    text: (question, hint) => line(question, hint, true),
    secret: (question, hint) => line(question, hint, false),
  };
}

/** On TERM=dumb readline takes the Backspace key for a character; what it was pressed for has to be done here. */
function withErasures(typed: string): string {
  const kept: string[] = [];
  for (const character of typed) {
    if (character === '\u007f' || character === '\b') kept.pop();
    else kept.push(character);
  }
  return kept.join('');
}
