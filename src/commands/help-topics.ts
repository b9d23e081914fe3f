// The topics of `segjobs help`: what holds for every command.

import { exitCodeMeanings } from '../errors.ts';

export interface HelpTopic {
  readonly name: string;
  readonly summary: string;
  readonly text: string;
}

const environment = `Environment variables

A value is taken from a flag, else the environment, else the active profile.
\`segjobs auth status\` shows where each value came from.

Credentials (one bundle, never mixed with a profile's):
  AEP_ACCESS_TOKEN        a ready access token (and client and org id)
  AEP_CLIENT_ID           client id, which is the API key too (or AEP_API_KEY)
  AEP_CLIENT_SECRET       client secret, for OAuth server-to-server
  AEP_CLIENT_SECRET_FILE  a file that holds the client secret
  AEP_ORG_ID              organization id, such as ABC@AdobeOrg
  AEP_SCOPES              OAuth scopes, comma-separated
  AEP_SANDBOX_NAME        sandbox; there is no default one

The tool:
  SEGJOBS_PROFILE         the profile to use
  SEGJOBS_OUTPUT          default output format
  SEGJOBS_CONFIG_DIR      where config.json lives, else
                          $XDG_CONFIG_HOME/segjobs,
                          else ~/.config/segjobs
  SEGJOBS_API_URL         origin of the gateway (https://platform.adobe.io)
  SEGJOBS_IMS_URL         origin of the login service
                          (https://ims-na1.adobelogin.com)
  SEGJOBS_HTTP_TIMEOUT    limit of one request (60s)
  SEGJOBS_MAX_RETRIES     tries after the first one (3)
  SEGJOBS_DEBUG           1: tell each request on stderr

The network (either case, as curl reads them):
  HTTPS_PROXY, HTTP_PROXY http://USER:PASSWORD@HOST:PORT
  ALL_PROXY               the proxy where that one is not set
  NO_PROXY                hosts without one: example.com,10.0.0.0/8,127.0.0.1
  NODE_EXTRA_CA_CERTS     a file with the CA certificate of your network

Standard ones: NO_COLOR, FORCE_COLOR, TERM, CI, COLUMNS, XDG_CONFIG_HOME,
XDG_CACHE_HOME, XDG_STATE_HOME.

An explicit --profile ignores every AEP_* variable, the sandbox included.
Durations are written 90s, 15m, 2h, 1d.
`;

const exitCodesText = `Exit codes

They follow from what happened and are the same in every output format.

${Object.entries(exitCodeMeanings)
  .map(([code, meaning]) => `  ${code.padStart(3)}  ${meaning}\n`)
  .join('')}`;

const output = `Output

stdout carries data only; notes, warnings and errors go to stderr.

  -o table   for people; the default on a terminal
  -o tsv     for cut and awk; the default elsewhere. No header; columns are only
             ever appended. Of jobs: status, id, segments, created, duration in
             seconds, profiles, source
  -o json    the service's own JSON, lossless; one document. Short: --json
  -o ndjson  one job per line, streamed; for watch, one event per line
  -o ids     one id per line

Errors read "error: …", then "hint: …", then the HTTP status and the request id.
With json and ndjson the last line of stderr is one JSON object:
  {"schemaVersion":1,"error":{"code","exitCode","message","hint","httpStatus",
  "requestId","retryable","details"}}

Colour follows --no-color, NO_COLOR, FORCE_COLOR, TERM and whether the stream is
a terminal.
`;

export const helpTopics: readonly HelpTopic[] = [
  { name: 'environment', summary: 'the variables that segjobs reads', text: environment },
  { name: 'exit-codes', summary: 'what each exit code means', text: exitCodesText },
  { name: 'output', summary: 'formats, streams, errors and colour', text: output },
];
