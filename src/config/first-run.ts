// Whether anybody has set this program up yet, and what it says of itself where nobody has.

import { hasEnvironmentBundle } from './credentials.ts';
import { type LocationFacts, locate } from './locations.ts';
import { readConfig } from './store.ts';

/** Each fits 60 columns and ends in what to type. */
const welcome = [
  'segjobs manages Adobe Experience Platform segment jobs.',
  'Try it without login: segjobs emulator exec -- segjobs list',
  'Log in: segjobs auth login    All commands: segjobs help',
];

/**
 * What `segjobs` alone prints on its first run: where no profile is stored and no credentials are in the environment.
 * `undefined` where somebody has set it up, or where that cannot be told (a broken file): then help is what is wanted.
 * Only looks: the mode of a file is left alone, since there would be nobody to tell.
 */
export function firstRunText(facts: LocationFacts): string | undefined {
  try {
    if (hasEnvironmentBundle(facts.env)) return undefined;
    const { profiles } = readConfig(locate(facts), { userId: undefined });
    return profiles.size > 0 ? undefined : `${welcome.join('\n')}\n`;
  } catch {
    return undefined;
  }
}
