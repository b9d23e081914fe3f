// The service that is measured against: prepared bytes out of memory, in a process of its own, over http and https.
//
// The sandbox says which list is read: `jobs-10000` holds so many, and `jobs-20000-after-50ms` answers that late.
// Started by fork(); told `{ jobs, watched, tls? }`, it answers `{ http, https? }`, and any message after that with
// `{ polls }`: how many requests for watched jobs it has answered.

import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createJob, jobIdOf } from './jobs.mjs';

/** All jobs in one buffer, with a comma between each two; `ends[i]` is where job i ends. */
function prepareJobs(count) {
  const ends = new Float64Array(count);
  const parts = [];
  let length = 0;
  for (let from = 0; from < count; from += 1000) {
    const texts = [];
    for (let index = from; index < Math.min(count, from + 1000); index++) {
      const text = JSON.stringify(createJob(index));
      length += text.length;
      ends[index] = length;
      length += 1;
      texts.push(text);
    }
    parts.push(Buffer.from(`${texts.join(',')},`, 'latin1'));
  }
  return { bytes: Buffer.concat(parts), ends };
}

function readSandbox(name = '') {
  const [, count, delayMs] = /^jobs-(\d+)(?:-after-(\d+)ms)?$/.exec(name) ?? [];
  return { count: Number(count ?? 0), delayMs: Number(delayMs ?? 0) };
}

function createAnswers(jobs, watched) {
  const { bytes, ends } = prepareJobs(jobs);
  const known = new Map(
    Array.from({ length: watched }, (_, index) => {
      const text = JSON.stringify(createJob(index, 'PROCESSING'));
      return [jobIdOf(index), Buffer.from(`"${jobIdOf(index)}":${text}`)];
    }),
  );
  /** Answers to the same ids are the same bytes; a watch asks for the same ones again and again. */
  const bulk = new Map();
  let polls = 0;

  function list(query, count) {
    // No watched job has run before: a watch looks for that.
    const total = query.has('property') ? 0 : Math.min(count, jobs);
    const start = Math.min(total, Number(query.get('start') ?? 0));
    const end = Math.min(total, start + Math.min(100, Number(query.get('limit') ?? 100)));
    const from = start === 0 ? 0 : ends[start - 1] + 1;
    const shown = start === end ? Buffer.alloc(0) : bytes.subarray(from, ends[end - 1]);
    const head = `{"_page":{"totalCount":${total},"pageSize":${end - start}},"children":[`;
    return [Buffer.from(head), shown, Buffer.from('],"_links":{"next":{}}}')];
  }

  function bulkGet(body) {
    polls += 1;
    let answer = bulk.get(body);
    if (answer === undefined) {
      const found = JSON.parse(body).ids.map(({ id }) => known.get(id));
      const parts = found.flatMap((part, at) => (at === 0 ? [part] : [Buffer.from(','), part]));
      answer = [Buffer.concat([Buffer.from('{"results":{'), ...parts, Buffer.from('}}')])];
      bulk.set(body, answer);
    }
    return answer;
  }

  function get(id) {
    const index = id === jobIdOf(0) ? 0 : 1;
    return [Buffer.from(JSON.stringify({ ...createJob(index), id }))];
  }

  return { list, bulkGet, get, polls: () => polls };
}

const token = [
  Buffer.from('{"access_token":"token-of-a-measurement","token_type":"bearer","expires_in":86399}'),
];
const sandboxes = [Buffer.from('{"sandboxes":[{"name":"jobs-20","state":"active","type":"production"}]}')];

function createHandler(answers) {
  const answer = (response, status, parts) => {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': length });
    response.cork();
    for (const part of parts) response.write(part);
    response.uncork();
    response.end();
  };
  return (request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://localhost');
    const { count, delayMs } = readSandbox(request.headers['x-sandbox-name']);
    if (pathname === '/data/core/ups/segment/jobs') {
      const send = () => answer(response, 200, answers.list(searchParams, count));
      if (delayMs === 0) send();
      else setTimeout(send, delayMs);
    } else if (pathname === '/data/core/ups/segment/jobs/bulk-get') {
      const chunks = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () => answer(response, 207, answers.bulkGet(Buffer.concat(chunks).toString())));
    } else if (pathname.startsWith('/data/core/ups/segment/jobs/')) {
      answer(response, 200, answers.get(pathname.slice(pathname.lastIndexOf('/') + 1)));
    } else if (pathname === '/ims/token/v3') answer(response, 200, token);
    else if (pathname.startsWith('/data/foundation/sandbox-management')) answer(response, 200, sandboxes);
    else answer(response, 404, [Buffer.from('{}')]);
  };
}

function listen(server) {
  server.keepAliveTimeout = 60_000;
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));
}

process.once('message', async ({ jobs, watched, tls }) => {
  const answers = createAnswers(jobs, watched);
  const handler = createHandler(answers);
  process.send({
    http: `http://127.0.0.1:${await listen(createServer(handler))}`,
    https: tls && `https://127.0.0.1:${await listen(createTlsServer(tls, handler))}`,
  });
  process.on('message', () => process.send({ polls: answers.polls() }));
});
process.once('disconnect', () => process.exit());
