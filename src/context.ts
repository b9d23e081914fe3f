// What a command is handed: settings, client, output, clock and prompts, each opened when first asked for.

import { join } from 'node:path';
import type { ApiHost, SegmentJobsClient } from './api/client.ts';
import type { TokenSource } from './api/token.ts';
import type { TreeFacts } from './command-facts.ts';
import type { Settings } from './config/settings.ts';
import type { Locations, StoredConfig } from './config/store.ts';
import { usageError } from './errors.ts';
import type { Clock, GlobalFlags, Host, OutputStream } from './host.ts';
import type { OutputFormat } from './output/format.ts';
import type { Output } from './output/output.ts';
import type { Prompts } from './output/prompts.ts';
import type { Query } from './output/query.ts';
import type { Terminal } from './output/terminal.ts';

/** What every command gets. Each function opens its room on first use and hands out the same thing afterwards. */
export interface Context {
  readonly host: Host;
  readonly globals: GlobalFlags;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly random: () => number;
  output(): Promise<Output>;
  /** Where the tool keeps its files. */
  locations(): Promise<Locations>;
  config(): Promise<StoredConfig>;
  settings(): Promise<Settings>;
  /** What its answers tell of jobs is kept for completion, once the command has ended (`close`). */
  client(): Promise<SegmentJobsClient>;
  /** A client for settings that are not stored (yet). */
  clientFor(settings: Settings, options?: TokenOptions): Promise<SegmentJobsClient>;
  tokensFor(settings: Settings, options?: TokenOptions): Promise<TokenSource>;
  prompts(): Promise<Prompts>;
  /** All of stdin, as text, at most 64 MiB. */
  readStdin(): Promise<string>;
  /** A file the user named, as text; `-` is stdin. Throws a usage error when it cannot be read. */
  readUserFile(path: string): Promise<string>;
  /** The command tree as data. */
  tree(): TreeFacts;
  /** To be called when the command has ended, however it did. Never throws. */
  close(): Promise<void>;
}

export interface TokenOptions {
  /** A proof of these very credentials: no token that is cached, or that another process mints, will do. */
  readonly isTrial?: boolean | undefined;
}

/** The formats a command can print, so that another one is refused before anything happens. */
export interface FormatRule {
  readonly formats: readonly OutputFormat[];
  /** What the refusal names: `segjobs cancel`, or `--fields`. */
  readonly subject: string;
}

const maxInputBytes = 64 * 1024 * 1024;
/** Twenty commands at once must not ask for twenty fingers on a sensor: longer than a `credentialCommand` may take. */
const credentialCommandPatienceMs = 130_000;

/** Builds the context of one command. Nothing is read and no room is loaded before it is asked for. */
export function createContext(
  host: Host,
  globals: GlobalFlags,
  rules: readonly FormatRule[],
  tree: () => TreeFacts,
): Context {
  const { env, clock, signal } = host;

  const locations = once(async () => {
    const { locate } = await import('./config/store.ts');
    return locate(host);
  });

  const config = once(async () => {
    const { readConfig } = await import('./config/store.ts');
    return readConfig(await locations(), { userId: host.userId });
  });

  const terminals = once(async () => {
    const { describeTerminal } = await import('./output/terminal.ts');
    const describe = (stream: OutputStream): Terminal =>
      describeTerminal({
        isTty: stream.isTTY === true,
        columns: stream.columns,
        rows: stream.rows,
        env,
        noColorFlag: globals.noColor,
      });
    return { stdout: describe(host.stdout), stderr: describe(host.stderr) };
  });

  /** Before anything is sent: every command opens its output first. */
  const compiledQuery = async (): Promise<Query | undefined> => {
    if (globals.query === undefined) return undefined;
    const { compileQuery } = await import('./output/query.ts');
    return compileQuery(globals.query);
  };

  const output = once(async () => {
    const [{ createOutput }, { resolveOutputFormat }, { describeLog }, shown] = await Promise.all([
      import('./output/output.ts'),
      import('./config/settings.ts'),
      import('./output/ci-log.ts'),
      terminals(),
    ]);
    const format = await resolveOutputFormat({
      flag: globals.output,
      profileFlag: globals.profile,
      env,
      config,
      isTty: shown.stdout.isTty,
      rules,
    });
    return createOutput({
      format,
      stdout: host.stdout,
      stderr: host.stderr,
      terminals: shown,
      quiet: globals.quiet,
      query: await compiledQuery(),
      now: () => client.opened()?.serviceNow() ?? clock.now(),
      log: describeLog(env, rules[0]?.subject ?? 'segjobs'),
    });
  });

  const settings = once(async () => {
    const { resolveSettings } = await import('./config/settings.ts');
    const resolved = await resolveSettings({
      flags: globals,
      env,
      config,
      readSecretFile: readUserFile,
      runCredentialCommand: async (argv) => {
        const { runCredentialCommand } = await import('./config/credential-command.ts');
        return runCredentialCommand(argv, { env, signal });
      },
    });
    const { warn } = await output();
    for (const warning of resolved.warnings) warn(warning);
    return resolved;
  });

  const apiHost = async (): Promise<ApiHost> => {
    const { debug, note, warn } = await output();
    return {
      clock,
      signal,
      random: host.random,
      env,
      version: host.version,
      waiting: note,
      createMemory: {
        directory: async () => {
          const { stateDir } = await locations();
          return stateDir === undefined ? undefined : join(stateDir, 'creates');
        },
        userId: host.userId,
        warn,
      },
      ...(globals.debug ? { debug } : {}),
    };
  };

  const tokensFor = async (
    chosen: Settings,
    { isTrial = false }: TokenOptions = {},
  ): Promise<TokenSource> => {
    const { credentials, clientId, imsUrl } = chosen;
    const { createImsTokenSource, fixedToken } = await import('./api/token.ts');
    if (credentials.kind === 'accessToken') return fixedToken(credentials.accessToken);
    const [{ createTokenCache }, { createMintSharing }] = await Promise.all([
      import('./config/token-cache.ts'),
      import('./config/mint-sharing.ts'),
    ]);
    const { userId } = host;
    const { identity, isFromCommand } = credentials;
    const cache = createTokenCache({
      locations: await locations(),
      clientId,
      imsUrl,
      scopes: credentials.scopes,
      userId,
      identity,
    });
    const sharing = createMintSharing({ path: cache.path, clock, identity, userId });
    return createImsTokenSource(
      {
        clientId,
        imsUrl,
        clientSecrets: credentials.clientSecrets,
        scopes: credentials.scopes,
        httpTimeoutMs: chosen.httpTimeoutMs,
        maxRetries: chosen.maxRetries,
        cache: isTrial ? { ...cache, read: async () => undefined } : { ...cache, sharing },
        patienceMs: isFromCommand ? credentialCommandPatienceMs : undefined,
      },
      await apiHost(),
    );
  };

  const clientFor = async (chosen: Settings, options?: TokenOptions): Promise<SegmentJobsClient> => {
    const [{ createClient }, tokens] = await Promise.all([
      import('./api/client.ts'),
      tokensFor(chosen, options),
    ]);
    return createClient(chosen, tokens, await apiHost());
  };

  let keepSeen = () => {};

  const client = once(async () => {
    const chosen = await settings();
    const [plain, { observeJobs }, { createJobMemory }, places] = await Promise.all([
      clientFor(chosen),
      import('./api/observed-client.ts'),
      import('./config/job-memory.ts'),
      locations(),
    ]);
    const { orgId, sandbox } = chosen;
    if (sandbox === undefined) return plain;
    const memory = createJobMemory({ locations: places, userId: host.userId, orgId, sandbox });
    keepSeen = memory.keep;
    return observeJobs(plain, memory);
  });

  const prompts = once(async () => {
    const { createPrompts } = await import('./output/prompts.ts');
    return createPrompts({
      stdin: host.stdin,
      stderr: host.stderr,
      noInput: globals.noInput,
      signal,
    });
  });

  const readStdin = once(async () => {
    const chunks: Buffer[] = [];
    let size = 0;
    const stop = () => (host.stdin as Partial<{ destroy(): void }>).destroy?.();
    signal.addEventListener('abort', stop, { once: true });
    try {
      for await (const chunk of host.stdin) {
        const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Buffer);
        size += bytes.length;
        if (size > maxInputBytes) throw usageError('stdin holds more than 64 MiB', 'give a shorter list');
        chunks.push(bytes);
      }
    } catch (cause) {
      signal.throwIfAborted();
      throw cause;
    } finally {
      signal.removeEventListener('abort', stop);
    }
    signal.throwIfAborted();
    return Buffer.concat(chunks).toString('utf8');
  });

  const readUserFile = async (path: string): Promise<string> => {
    if (path === '-') return readStdin();
    const file = await import('./user-file.ts');
    return file.readUserFile(path, { maxBytes: maxInputBytes, signal });
  };

  return {
    host,
    globals,
    env,
    clock,
    signal,
    random: host.random,
    output,
    locations,
    config,
    settings,
    client,
    clientFor,
    tokensFor,
    prompts,
    readStdin,
    readUserFile,
    tree,
    close: async () => keepSeen(),
  };
}

type Once<T> = (() => Promise<T>) & {
  /** What was opened, if it was and is ready. */ opened(): T | undefined;
};

/** Opens on the first call; later and concurrent calls get the same one. */
function once<T>(open: () => Promise<T>): Once<T> {
  let opening: Promise<T> | undefined;
  let value: T | undefined;
  const get = () => {
    opening ??= open().then((opened) => {
      value = opened;
      return opened;
    });
    return opening;
  };
  return Object.assign(get, { opened: () => value });
}
