// Certificates made for one test file by the openssl command, and gone after it: no key is ever in the repository.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether there is an openssl command. Under CI its absence is an error, not a skipped test. */
export const hasOpenssl = ((): boolean => {
  const found = spawnSync('openssl', ['version']).status === 0;
  if (!found && process.env['CI'] === 'true') throw new Error('these tests need the `openssl` command');
  return found;
})();

export interface KeyPair {
  readonly key: string;
  readonly cert: string;
}

export interface Certificates {
  /** The path of the authority's certificate, for NODE_EXTRA_CA_CERTS. */
  readonly caFile: string;
  /** Good for localhost, api.example.invalid, 127.0.0.1 and ::1. */
  readonly good: KeyPair;
  readonly expired: KeyPair;
  /** For another host. */
  readonly elsewhere: KeyPair;
  readonly selfSigned: KeyPair;
  remove(): void;
}

const settings = `
[req]
distinguished_name = name
prompt = no
[name]
CN = a server of the tests
[authority]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign
[here]
subjectAltName = DNS:localhost,DNS:api.example.invalid,IP:127.0.0.1,IP:::1
[elsewhere]
subjectAltName = DNS:elsewhere.example.invalid
`;

export function makeCertificates(): Certificates {
  const directory = mkdtempSync(join(tmpdir(), 'segjobs-certificates-'));
  const openssl = (line: string) =>
    execFileSync('openssl', line.split(' '), { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] });
  const read = (name: string) => readFileSync(join(directory, name), 'utf8');
  writeFileSync(join(directory, 'settings'), settings);
  const newKey = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes';
  openssl(
    `req -config settings -x509 ${newKey} -keyout ca.key -out ca.pem -days 2 -subj /CN=authority -extensions authority`,
  );
  openssl(`req -config settings ${newKey} -keyout server.key -out server.csr`);
  const signed = (name: string, days: number, extensions: string): KeyPair => {
    openssl(
      `x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days ${days} -extfile settings -extensions ${extensions} -out ${name}.pem`,
    );
    return { key: read('server.key'), cert: read(`${name}.pem`) };
  };
  openssl('req -config settings -x509 -key server.key -days 2 -extensions here -out self.pem');
  return {
    caFile: join(directory, 'ca.pem'),
    good: signed('good', 2, 'here'),
    expired: signed('expired', -1, 'here'),
    elsewhere: signed('elsewhere', 2, 'elsewhere'),
    selfSigned: { key: read('server.key'), cert: read('self.pem') },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
