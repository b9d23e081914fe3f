// What `segjobs auth login` is given: flags, stdin, a credential file, an earlier profile, and answers to questions.

import type { ImportedCredentials } from '../config/import.ts';
import type { StoredProfile } from '../config/store.ts';
import type { Context } from '../context.ts';
import { SegjobsError, usageError } from '../errors.ts';
import { locateJsonError } from '../json-error.ts';
import type { Prompts } from '../output/prompts.ts';
import { safeText } from '../safe-text.ts';
import { type FlagValues, switchFlag, valueFlag } from './command.ts';
import { readWithWarnings } from './profiles.ts';

export const loginFlags = {
  clientId: valueFlag('--client-id <id>', 'client id, which is also the API key', (text) => text),
  orgId: valueFlag('--org-id <id>', 'organization id, such as ABC@AdobeOrg', (text) => text),
  scopes: valueFlag('--scopes <list>', 'OAuth scopes, comma-separated', (text) => text),
  clientSecretStdin: switchFlag('--client-secret-stdin', 'read the client secret from stdin'),
  accessTokenStdin: switchFlag('--access-token-stdin', 'read a ready access token from stdin'),
  fromFile: valueFlag('--from-file <path>', 'read a credential file; - is stdin', (text) => text),
};

/** The profile that is written to. */
export interface Target {
  readonly name: string;
  readonly existing: StoredProfile | undefined;
  /** Of the config file. */
  readonly path: string;
}

/** What is to be stored. */
export interface Wanted {
  readonly clientId: string;
  readonly orgId: string;
  /** `undefined`: the default ones. */
  readonly scopes: string | undefined;
  readonly sandbox: string | undefined;
  readonly imsUrl: string | undefined;
  readonly secret: Secret;
  /** Whether a person typed the secret, and can be asked for it again. */
  readonly isSecretAsked: boolean;
}

type Secret = { readonly accessToken: string } | { readonly clientSecrets: readonly string[] };
type FaultOf = (text: string) => string | undefined;
type Given = FlagValues<typeof loginFlags>;

/** `--profile`, else the active profile, else "default"; it need not exist. */
export async function readTarget(context: Context): Promise<Target> {
  const { profileName } = await import('../config/profile-choice.ts');
  const config = await readWithWarnings(context);
  const name = profileName(config, context.globals.profile, context.env)?.name ?? 'default';
  return { name, existing: config.profiles.get(name), path: config.path ?? 'the configuration' };
}

/**
 * Gathers a whole set of credentials. What is missing is asked for on a terminal; elsewhere it is `WOULD_PROMPT`,
 * naming every flag that would help. Throws a usage error for bad flags and files, `NO_CREDENTIALS` for a
 * credential that cannot be one.
 */
export async function gatherCredentials(context: Context, given: Given, target: Target): Promise<Wanted> {
  const checks = await import('../config/checks.ts');
  const { faultOfHeaderValue } = checks;
  const { existing } = target;
  checkSources(given);
  refuse('--client-id', given.clientId, faultOfHeaderValue);
  refuse('--org-id', given.orgId, faultOfHeaderValue);
  refuse('--scopes', given.scopes && checks.normalScopes(given.scopes), checks.faultOfScopes);
  refuse('--sandbox', context.globals.sandbox, checks.faultOfSandbox);

  const file = given.fromFile === undefined ? undefined : await readCredentialFile(context, given.fromFile);
  const secret = (await secretFromStdin(context, given, checks)) ?? secretOfFile(file, checks);
  const clientIdKnown = given.clientId ?? file?.clientId ?? (await clientIdIn(secret)) ?? existing?.clientId;
  // What was stored for another client may be another organization's.
  const known = existing !== undefined && existing.clientId === clientIdKnown ? existing : undefined;
  const orgIdKnown = given.orgId ?? file?.orgId ?? known?.orgId;
  const prompts = await context.prompts();
  if (!prompts.canAsk) refuseToAsk(clientIdKnown, orgIdKnown, secret, context.globals.noInput);
  if (known !== undefined && given.clientId === undefined && file === undefined) {
    await tellReuse(context, target);
  }
  if ([clientIdKnown, orgIdKnown, secret].includes(undefined)) await tellWhereToFind(context);
  const clientId = clientIdKnown ?? (await ask(prompts, 'Client id:', faultOfHeaderValue));
  const orgId = orgIdKnown ?? (await ask(prompts, 'Organization id:', faultOfOrgId(faultOfHeaderValue)));
  const scopes = given.scopes ?? file?.scopes ?? known?.scopes;
  const sandbox = context.globals.sandbox ?? file?.sandbox ?? known?.sandbox;
  refuse('sandbox', sandbox, checks.faultOfSandbox);
  return {
    clientId: fine('the client id', clientId, faultOfHeaderValue),
    orgId: fine('the organization id', orgId, faultOfHeaderValue),
    scopes: scopes === undefined ? undefined : checks.normalScopes(scopes),
    sandbox,
    imsUrl: file?.imsUrl ?? known?.imsUrl,
    secret: secret ?? (await askForSecret(prompts)),
    isSecretAsked: secret === undefined,
  };
}

/** Hidden while it is typed. `about` says which try it is. */
export async function askForSecret(prompts: Prompts, about = 'it is not shown'): Promise<Secret> {
  const { faultOfSecret } = await import('../config/checks.ts');
  return { clientSecrets: [await ask(prompts, `Client secret (${about}):`, faultOfSecret, true)] };
}

/** Of an answer to a question only: what flags and files say is the service's to judge. */
function faultOfOrgId(faultOf: FaultOf): FaultOf {
  return (text) => faultOf(text) ?? (/.@AdobeOrg$/i.test(text) ? undefined : 'must end in @AdobeOrg');
}

async function tellWhereToFind(context: Context): Promise<void> {
  const { note } = await context.output();
  note(
    'You need the OAuth Server-to-Server credential of your\n' +
      'project at https://developer.adobe.com/console\n' +
      'Nothing is saved before it works; Ctrl-C leaves.\n',
  );
}

function checkSources(given: Given): void {
  const sources = [
    ...(given.clientSecretStdin ? ['--client-secret-stdin'] : []),
    ...(given.accessTokenStdin ? ['--access-token-stdin'] : []),
    ...(given.fromFile === undefined ? [] : ['--from-file']),
  ];
  if (sources.length > 1) throw usageError(`${sources.join(' and ')} exclude each other`, 'give one of them');
}

function refuse(flag: string, value: string | undefined, faultOf: FaultOf): void {
  const fault = value === undefined ? undefined : faultOf(value);
  if (fault !== undefined) throw usageError(`invalid ${flag}: it ${fault}`);
}

/** The text, or `NO_CREDENTIALS` for a credential that cannot be one; it is never shown. */
function fine(what: string, text: string, faultOf: FaultOf): string {
  const fault = faultOf(text);
  if (fault !== undefined) throw new SegjobsError('NO_CREDENTIALS', `${what} ${fault}`);
  return text;
}

/** Tells everything that is missing at once, so that a script is mended in one go. */
function refuseToAsk(
  clientId: string | undefined,
  orgId: string | undefined,
  secret: Secret | undefined,
  noInput: boolean,
): void {
  const missing = [
    ...(clientId === undefined ? ['--client-id'] : []),
    ...(orgId === undefined ? ['--org-id'] : []),
    ...(secret === undefined ? ['--client-secret-stdin'] : []),
  ];
  if (missing.length === 0) return;
  const why = noInput ? '--no-input was given' : 'there is no terminal to ask on';
  throw new SegjobsError('WOULD_PROMPT', `the login would have to ask for what is missing, but ${why}`, {
    hint: `give ${missing.join(', ')}; or --from-file PATH`,
    details: { missing },
  });
}

async function ask(prompts: Prompts, question: string, faultOf: FaultOf, isSecret = false): Promise<string> {
  const hint = 'give --client-id, --org-id and --client-secret-stdin, or --from-file PATH';
  for (let prefix = ''; ; ) {
    const shown = prefix + question;
    const answer = await (isSecret ? prompts.secret(shown, hint) : prompts.text(shown, hint));
    const fault = faultOf(answer);
    if (fault === undefined) return answer;
    prefix = `(it ${fault}) `;
  }
}

async function secretFromStdin(
  context: Context,
  given: Given,
  { faultOfHeaderValue, faultOfSecret }: { faultOfHeaderValue: FaultOf; faultOfSecret: FaultOf },
): Promise<Secret | undefined> {
  if (!given.accessTokenStdin && !given.clientSecretStdin) return undefined;
  const flag = given.accessTokenStdin ? '--access-token-stdin' : '--client-secret-stdin';
  if (context.host.stdin.isTTY === true) {
    throw usageError(
      `${flag} reads from stdin, which is the terminal here`,
      `segjobs auth login ${flag} < FILE, or leave the flag out to be asked`,
    );
  }
  const { withoutLineBreak } = await import('../config/credentials.ts');
  const text = withoutLineBreak(await context.readStdin());
  if (text === '') throw usageError(`${flag}: stdin is empty`);
  if (given.accessTokenStdin)
    return { accessToken: fine('the access token on stdin', text, faultOfHeaderValue) };
  return { clientSecrets: [fine('the client secret on stdin', text, faultOfSecret)] };
}

/** A file's secrets go before its token, which has expired by the next day. */
function secretOfFile(
  file: ImportedCredentials | undefined,
  { faultOfHeaderValue, faultOfSecret }: { faultOfHeaderValue: FaultOf; faultOfSecret: FaultOf },
): Secret | undefined {
  if (file === undefined) return undefined;
  const { clientSecrets, accessToken } = file;
  if (clientSecrets.length > 0) {
    return {
      clientSecrets: clientSecrets.map((text) => fine('a client secret in the file', text, faultOfSecret)),
    };
  }
  if (accessToken === undefined) return undefined;
  return { accessToken: fine('the access token in the file', accessToken, faultOfHeaderValue) };
}

async function readCredentialFile(context: Context, path: string): Promise<ImportedCredentials> {
  const { recogniseCredentials } = await import('../config/import.ts');
  const text = (await context.readUserFile(path)).replace(/^\uFEFF/, '');
  const place = path === '-' ? 'stdin' : safeText(path);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's own message quotes the file.
    const { line, column } = locateJsonError(text) ?? { line: 1, column: 1 };
    throw usageError(
      `${place}:${line}:${column}: not valid JSON`,
      'give the credential file as it was downloaded',
    );
  }
  try {
    return recogniseCredentials(json);
  } catch (cause) {
    throw cause instanceof SegjobsError ? usageError(`${place}: ${cause.message}`, cause.hint) : cause;
  }
}

/** Adobe's tokens name the client they were made for. */
async function clientIdIn(secret: Secret | undefined): Promise<string | undefined> {
  if (secret === undefined || !('accessToken' in secret)) return undefined;
  const { readTokenClaims } = await import('../config/access-token.ts');
  return readTokenClaims(secret.accessToken).clientId;
}

async function tellReuse(context: Context, { name, existing }: Target): Promise<void> {
  const [{ maskId }, output] = await Promise.all([import('../config/profile-keys.ts'), context.output()]);
  const org = existing?.orgId === undefined ? '' : ` and organization ${existing.orgId}`;
  output.note(`Client id ${maskId(existing?.clientId ?? '')}${org} are taken from profile "${name}".`);
}
