// What the profile in force says of the contract: limits of runs on demand, and when its year begins.

import { parseYearStart, type QuotaTerms } from '../jobs/quota-terms.ts';
import { configError, type StoredConfig } from './stored.ts';

/**
 * The terms that a profile keeps; none where the credentials come from the environment (`profile` is `undefined`):
 * no profile takes part then. Throws `CONFIG` where the file holds a day that does not exist.
 */
export async function storedQuotaTerms(
  profile: string | undefined,
  config: () => Promise<StoredConfig>,
): Promise<QuotaTerms> {
  if (profile === undefined) return { limits: {}, yearStart: undefined };
  const { path, profiles } = await config();
  const { limits = {}, yearStart: text } = profiles.get(profile) ?? {};
  const yearStart = text === undefined ? undefined : parseYearStart(text);
  if (text !== undefined && yearStart === undefined) {
    const place = `"profiles.${profile}.yearStart"`;
    throw configError(path ?? 'the configuration', `${place} must be a date: YYYY-MM-DD or MM-DD`);
  }
  return { limits, yearStart };
}
