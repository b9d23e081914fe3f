// A change to the per-user file in the making: edits what it knows and leaves everything else as it found it.

import { decodeConfig, isObject, own, type RawObject, type StoredProfile } from './stored.ts';

/** `undefined` removes the key; a key that is absent stays as it is. */
export type ProfileChange = { readonly [K in keyof StoredProfile]?: StoredProfile[K] };

/** Profile names must have been checked (`faultOfProfileName`). */
export class ConfigDraft {
  readonly #raw: RawObject;
  readonly #path: string;

  /** Edits `raw` in place; its shape must be one that `decodeConfig` accepts. */
  constructor(raw: RawObject, path: string) {
    this.#raw = raw;
    this.#path = path;
  }

  get activeProfile(): string | undefined {
    return decodeConfig(this.#raw, this.#path).activeProfile;
  }

  set activeProfile(name: string | undefined) {
    if (name === undefined) delete this.#raw['activeProfile'];
    else this.#raw['activeProfile'] = name;
  }

  get profiles(): ReadonlyMap<string, StoredProfile> {
    return decodeConfig(this.#raw, this.#path).profiles;
  }

  /** Makes the profile where there is none. */
  changeProfile(name: string, change: ProfileChange): void {
    const profiles = this.#ownObject(this.#raw, 'profiles');
    const profile = this.#ownObject(profiles, name);
    for (const [key, value] of Object.entries(change)) {
      if (key === 'clientSecrets') setSecrets(profile, value as StoredProfile['clientSecrets']);
      else if (value === undefined) delete profile[key];
      else profile[key] = value;
    }
  }

  /** Says whether there was one. The active profile's name goes with it. */
  deleteProfile(name: string): boolean {
    const profiles = own(this.#raw, 'profiles');
    if (!isObject(profiles) || !Object.hasOwn(profiles, name)) return false;
    delete profiles[name];
    if (this.#raw['activeProfile'] === name) delete this.#raw['activeProfile'];
    return true;
  }

  #ownObject(parent: RawObject, key: string): RawObject {
    const existing = own(parent, key);
    if (isObject(existing)) return existing;
    const created: RawObject = {};
    parent[key] = created;
    return created;
  }
}

function setSecrets(profile: RawObject, secrets: readonly string[] | undefined): void {
  delete profile['clientSecret'];
  delete profile['clientSecrets'];
  if (secrets === undefined) return;
  if (secrets.length === 1) profile['clientSecret'] = secrets[0];
  else profile['clientSecrets'] = [...secrets];
}
