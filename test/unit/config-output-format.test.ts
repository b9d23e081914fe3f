import { describe, expect, it } from 'vitest';
import { type FormatInputs, resolveOutputFormat } from '../../src/config/output-format.ts';
import { emptyConfig, type StoredConfig } from '../../src/config/stored.ts';
import { outputFormats } from '../../src/output/format.ts';

const jsonProfile: StoredConfig = {
  ...emptyConfig('/c'),
  activeProfile: 'a',
  profiles: new Map([
    ['a', { output: 'json' }],
    ['bad', { output: 'xml' }],
  ]),
};
const facts = { formats: ['table', 'tsv', 'json', 'ndjson'] as const, subject: 'segjobs auth status' };
const resolve = (inputs: Partial<FormatInputs>) =>
  resolveOutputFormat({
    flag: undefined,
    profileFlag: undefined,
    env: {},
    config: async () => emptyConfig('/c'),
    isTty: false,
    rules: [{ formats: outputFormats, subject: 'segjobs list' }],
    ...inputs,
  });

describe('the output format', () => {
  it.each<[string, Partial<FormatInputs>, string]>([
    ['table on a terminal', { isTty: true }, 'table'],
    ['tsv elsewhere', {}, 'tsv'],
    ["the profile's", { config: async () => jsonProfile }, 'json'],
    [
      "SEGJOBS_OUTPUT's before it",
      { config: async () => jsonProfile, env: { SEGJOBS_OUTPUT: 'ids' } },
      'ids',
    ],
    ["the flag's before both", { flag: 'ndjson', env: { SEGJOBS_OUTPUT: 'ids' } }, 'ndjson'],
    [
      'the default where a preference does not fit',
      { env: { SEGJOBS_OUTPUT: 'ids' }, rules: [facts] },
      'tsv',
    ],
    [
      'what a narrower command can print',
      { rules: [{ formats: ['json'], subject: 'x' }], isTty: true },
      'json',
    ],
    ['unaffected by an unknown profile, which a login makes', { profileFlag: 'new' }, 'tsv'],
    [
      'the default when only the profile is out of reach and not needed',
      {
        env: { AEP_CLIENT_ID: 'i', AEP_CLIENT_SECRET: 's', AEP_ORG_ID: 'o' },
        config: () => Promise.reject(new Error('no home')),
      },
      'tsv',
    ],
  ])('is %s', async (_, inputs, format) => {
    expect(await resolve(inputs)).toBe(format);
  });

  it.each<[string, Partial<FormatInputs>, RegExp]>([
    ['an unknown flag value', { flag: 'xml' }, /--output "xml".*table, tsv, json, ndjson, ids/],
    ['an unknown variable value', { env: { SEGJOBS_OUTPUT: 'xml' } }, /SEGJOBS_OUTPUT "xml"/],
    [
      'an unknown stored value',
      { config: async () => jsonProfile, profileFlag: 'bad' },
      /profiles.bad.output/,
    ],
    [
      'a flag value the command cannot print',
      { flag: 'ids', rules: [facts] },
      /segjobs auth status cannot be printed as ids/,
    ],
  ])('refuses %s with exit 2', async (_, inputs, told) => {
    await expect(resolve(inputs)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(told),
    });
  });

  it('lets the error of a broken file through when a profile is needed', async () => {
    await expect(resolve({ config: () => Promise.reject(new Error('broken')) })).rejects.toThrow('broken');
  });
});
