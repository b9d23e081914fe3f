// The topics of `segjobs help`: what holds for every command. `help.ts` wraps them to the terminal.

import type { TopicFacts } from '../command-facts.ts';
import { exitCodeMeanings } from '../errors.ts';

const environment: TopicFacts = {
  name: 'environment',
  summary: 'the variables that segjobs reads',
  title: 'Environment variables',
  parts: [
    {
      text: 'A value is taken from a flag, else from the environment, else from the active profile. segjobs auth status shows where each value came from.',
    },
    {
      title: 'Credentials',
      rows: [
        ['AEP_CLIENT_ID', 'client id, which is the API key too (AEP_API_KEY works as well)'],
        ['AEP_CLIENT_SECRET', 'client secret of an OAuth server-to-server credential'],
        ['AEP_CLIENT_SECRET_FILE', 'instead: a file that holds the client secret'],
        ['AEP_ACCESS_TOKEN', 'instead: a ready access token'],
        ['AEP_ORG_ID', 'organization id, such as ABC@AdobeOrg'],
        ['AEP_SCOPES', 'OAuth scopes, comma-separated'],
        ['AEP_SANDBOX_NAME', 'the sandbox to work in; there is no default one'],
      ],
    },
    {
      text: 'They are taken as one bundle, never mixed with those of a profile. An explicit --profile ignores every AEP_* variable, the sandbox included.',
    },
    {
      title: 'The tool',
      rows: [
        ['SEGJOBS_PROFILE', 'the profile to use'],
        ['SEGJOBS_OUTPUT', 'the output format where no flag names one'],
        [
          'SEGJOBS_CONFIG_DIR',
          'where config.json lives; else $XDG_CONFIG_HOME/segjobs, else ~/.config/segjobs (%APPDATA%\\segjobs on Windows)',
        ],
        ['SEGJOBS_API_URL', 'origin of the API (default: https://platform.adobe.io)'],
        ['SEGJOBS_IMS_URL', 'origin of the login service (default: https://ims-na1.adobelogin.com)'],
        ['SEGJOBS_HTTP_TIMEOUT', 'limit of one request (default: 60s)'],
        ['SEGJOBS_MAX_RETRIES', 'tries after the first one (default: 3)'],
        ['SEGJOBS_PARALLEL', 'pages of a long list that are asked for at once (default: 4)'],
        ['SEGJOBS_DEBUG', '1: tell each request on stderr, never a credential'],
        ['SEGJOBS_GITHUB', '0: no annotations and no job summary in GitHub Actions'],
      ],
    },
    { text: 'Durations are written 90s, 15m, 2h, 1d.' },
    {
      title: 'The network',
      rows: [
        ['HTTPS_PROXY, HTTP_PROXY', 'http://USER:PASSWORD@HOST:PORT'],
        ['ALL_PROXY', 'the proxy where that one is not set'],
        ['NO_PROXY', 'hosts to reach without one: example.com,10.0.0.0/8,127.0.0.1'],
        ['NODE_EXTRA_CA_CERTS', 'a file with the CA certificate of your network'],
      ],
    },
    { text: 'The names of proxies may be written in small letters, too: https_proxy.' },
    {
      title: 'Known from other tools',
      rows: [
        ['NO_COLOR, FORCE_COLOR', 'no colour at all; colour where there is no terminal, too'],
        ['TERM, COLUMNS', 'what the terminal can do, and its width'],
        ['CI', 'set: nothing is animated'],
        [
          'GITHUB_ACTIONS, GITHUB_STEP_SUMMARY',
          'true, and the file of the job summary: set by GitHub Actions',
        ],
        ['XDG_CONFIG_HOME', 'the directory for configuration'],
        ['XDG_CACHE_HOME', 'the directory for cached tokens and for the ids of jobs seen lately'],
        ['XDG_STATE_HOME', 'the directory for the record of creates under way'],
      ],
    },
  ],
};

const exitCodes: TopicFacts = {
  name: 'exit-codes',
  summary: 'what each exit code means',
  title: 'Exit codes',
  parts: [
    { text: 'They follow from what happened and are the same in every output format.' },
    { rows: Object.entries(exitCodeMeanings) },
    {
      text: 'Trying again later is sensible after 7, and after nothing else. After 9 look first: trying again may spend a second run.',
    },
    { text: 'A batch whose items all failed alike ends with their code. segjobs list | head ends with 0.' },
  ],
};

const output: TopicFacts = {
  name: 'output',
  summary: 'formats, streams, errors and colour',
  title: 'Output',
  parts: [
    { text: 'stdout carries data only; notes, warnings, progress and errors go to stderr.' },
    {
      title: 'Formats',
      rows: [
        ['-o table', 'for people; the default on a terminal'],
        [
          '-o tsv',
          'for cut and awk; the default elsewhere. No header; columns are only ever appended. Of jobs: status, id, segments, created, duration in seconds, profiles, source',
        ],
        ['-o json', "the service's own JSON, with every field and number as it came; --json for short"],
        ['-o ndjson', 'one job per line, streamed; for watch, one event per line'],
        ['-o ids', 'one id per line'],
      ],
    },
    {
      title: 'Choosing what is printed',
      rows: [
        [
          '--query EXPR',
          'a JMESPath expression, as in aws and az, over the JSON of the whole result; with -o ndjson the elements of a list come one a line. With -o tsv it is bare text for a shell: a value without quotes, a list line by line, a list or object within it as its values with tabs between them, null as nothing. Numbers come out as they went in; compared or added up they are as exact as a double',
        ],
        [
          '--fields LIST',
          'of a list: columns by name, or by a path into the job (metrics.totalProfiles, segments.0.segmentId; a leading dot says that a path is meant)',
        ],
      ],
    },
    {
      text: 'Errors read "error: …", then "hint: …", then the HTTP status and the request id. With json and ndjson the last line of stderr is one JSON object:',
    },
    {
      lines: [
        '{"schemaVersion":1,"error":{"code":…,"exitCode":…,',
        ' "message":…,"hint":…,"httpStatus":…,"requestId":…,',
        ' "retryable":…,"details":…}}',
      ],
    },
    {
      text: 'Colour follows --no-color, NO_COLOR, FORCE_COLOR, TERM and whether the stream is a terminal. A terminal whose locale is C or POSIX (LC_ALL, LC_CTYPE, LANG) is shown bars and other marks in ASCII. -q silences notes and progress, never warnings and errors.',
    },
  ],
};

const quota: TopicFacts = {
  name: 'quota',
  summary: 'what runs on demand cost, and what can be known of it',
  title: 'Quota',
  parts: [
    {
      text: 'Adobe allows two runs on demand a day in each sandbox (the day begins at 00:00 UTC), and fifty a contract year in a production sandbox or a hundred in a development one. A run is a job that segjobs create starts, whatever the number of its segments. The nightly evaluation does not count.',
    },
    {
      text: 'No API tells how many runs are used. segjobs quota counts the jobs with source api that the service lists, on its clock: an estimate. It counts failed and cancelled jobs, because nobody says whether Adobe does. It cannot see:',
    },
    {
      rows: [
        ['deleted jobs', 'a run whose job is gone is still used'],
        ['other ways', 'runs that the service lists with another source, or not at all'],
        ['your contract', 'which may allow more, or less'],
      ],
    },
    {
      text: "The count that holds is shown in Adobe's web interface. Keep what your contract says in the profile, or give it as flags:",
    },
    {
      lines: [
        'segjobs config set limits day=2,year=50',
        'segjobs config set yearStart 06-01',
        'segjobs quota --limits day=4 --year-start 06-01',
      ],
    },
    {
      text: 'On a terminal segjobs create tells how many runs of the day are used, where one quick request tells, and asks before the last one. It does neither with -q or when stdout is captured, and does not ask with --no-input: a script is not held up.',
    },
    {
      text: 'segjobs create --guard-quota counts right before it sends, and sends nothing when all runs of the day, or of the contract year where its beginning is known, are used: exit code 6. Where it cannot count it sends nothing either, and ends with the code of that failure. A job that is returned instead of a new one (--reuse-active) costs nothing and is not refused. On one machine guarded creates of a sandbox take turns; on two machines, two at the same moment can both pass.',
    },
  ],
};

export const helpTopics: readonly TopicFacts[] = [environment, exitCodes, output, quota];
