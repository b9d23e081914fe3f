import { describe, expect, it } from 'vitest';
import { locate } from '../../src/config/locations.ts';

const home = '/home/ada';

describe('where files are kept', () => {
  it.each([
    ['nothing set', {}, '/home/ada/.config/segjobs/config.json'],
    ['HOME', { HOME: '/h' }, '/h/.config/segjobs/config.json'],
    ['XDG_CONFIG_HOME', { HOME: '/h', XDG_CONFIG_HOME: '/x' }, '/x/segjobs/config.json'],
    [
      'a relative XDG_CONFIG_HOME, which is ignored',
      { HOME: '/h', XDG_CONFIG_HOME: 'x' },
      '/h/.config/segjobs/config.json',
    ],
    [
      'an empty XDG_CONFIG_HOME, which is ignored',
      { HOME: '/h', XDG_CONFIG_HOME: '' },
      '/h/.config/segjobs/config.json',
    ],
    [
      'SEGJOBS_CONFIG_DIR',
      { HOME: '/h', XDG_CONFIG_HOME: '/x', SEGJOBS_CONFIG_DIR: '/s/t' },
      '/s/t/config.json',
    ],
    ['APPDATA, which means nothing here', { HOME: '/h', APPDATA: '/a' }, '/h/.config/segjobs/config.json'],
    ['an empty HOME: nowhere, not the working directory', { HOME: '' }, undefined],
    ['a relative HOME: nowhere', { HOME: 'h' }, undefined],
  ])('on Linux with %s', (_, env, expected) => {
    expect(locate({ env, platform: 'linux', homeDir: home }).configFile).toBe(expected);
  });

  it.each([
    [
      'APPDATA',
      { APPDATA: 'C:\\Users\\ada\\AppData\\Roaming' },
      'C:\\Users\\ada\\AppData\\Roaming\\segjobs\\config.json',
    ],
    ['no APPDATA', { USERPROFILE: 'C:\\Users\\ada' }, 'C:\\Users\\ada\\.config\\segjobs\\config.json'],
    ['XDG_CONFIG_HOME', { APPDATA: 'C:\\a', XDG_CONFIG_HOME: 'D:\\x' }, 'D:\\x\\segjobs\\config.json'],
    ['SEGJOBS_CONFIG_DIR', { APPDATA: 'C:\\a', SEGJOBS_CONFIG_DIR: 'D:\\s' }, 'D:\\s\\config.json'],
    ['a server for APPDATA', { APPDATA: '\\\\files\\ada' }, '\\\\files\\ada\\segjobs\\config.json'],
    ['slashes in APPDATA', { APPDATA: 'C:/Users/ada' }, 'C:\\Users\\ada\\segjobs\\config.json'],
    ['a long path', { APPDATA: '\\\\?\\C:\\a' }, '\\\\?\\C:\\a\\segjobs\\config.json'],
    [
      'an APPDATA that depends on the current drive, which is ignored',
      { APPDATA: '\\a', USERPROFILE: 'C:\\Users\\ada' },
      'C:\\Users\\ada\\.config\\segjobs\\config.json',
    ],
    [
      'an APPDATA relative to a drive, which is ignored',
      { APPDATA: 'C:a', USERPROFILE: 'C:\\Users\\ada' },
      'C:\\Users\\ada\\.config\\segjobs\\config.json',
    ],
    ['an empty APPDATA and no account: nowhere', { APPDATA: '', USERPROFILE: '' }, undefined],
    ['a USERPROFILE of another shell: nowhere', { USERPROFILE: '/c/Users/ada' }, undefined],
    [
      'an XDG_CONFIG_HOME of another shell, which is ignored',
      { APPDATA: 'C:\\a', XDG_CONFIG_HOME: '/x' },
      'C:\\a\\segjobs\\config.json',
    ],
    [
      'a HOME of another shell, which means nothing',
      { HOME: '/c/Users/ada', APPDATA: 'C:\\a' },
      'C:\\a\\segjobs\\config.json',
    ],
  ])('on Windows with %s', (_, env, expected) => {
    expect(locate({ env, platform: 'win32', homeDir: undefined }).configFile).toBe(expected);
  });

  it('keeps cache and state apart where XDG says so, else beside the config file', () => {
    const apart = { HOME: '/h', XDG_CACHE_HOME: '/c', XDG_STATE_HOME: '/s' };
    expect(locate({ env: apart, platform: 'linux', homeDir: home })).toMatchObject({
      cacheDir: '/c/segjobs',
      stateDir: '/s/segjobs',
    });
    expect(locate({ env: { SEGJOBS_CONFIG_DIR: '/d' }, platform: 'linux', homeDir: home })).toMatchObject({
      cacheDir: '/d/cache',
      stateDir: '/d/state',
    });
  });

  it('works without any home [fault 137]', () => {
    expect(locate({ env: {}, platform: 'linux', homeDir: undefined })).toEqual({
      configFile: undefined,
      cacheDir: undefined,
      stateDir: undefined,
      mayRepairDir: false,
    });
  });

  it('refuses a relative SEGJOBS_CONFIG_DIR', () => {
    expect(() => locate({ env: { SEGJOBS_CONFIG_DIR: 'conf' }, platform: 'linux', homeDir: home })).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringContaining('SEGJOBS_CONFIG_DIR') }),
    );
  });

  it.each(['\\segjobs', 'C:segjobs', 'segjobs', '/c/segjobs'])(
    'refuses SEGJOBS_CONFIG_DIR=%s on Windows: it names no drive',
    (dir) => {
      const env = { SEGJOBS_CONFIG_DIR: dir, APPDATA: 'C:\\a' };
      expect(() => locate({ env, platform: 'win32', homeDir: undefined })).toThrow(
        expect.objectContaining({ exitCode: 2 }),
      );
    },
  );

  it('keeps cache and state beside the file on Windows', () => {
    expect(locate({ env: { APPDATA: 'C:\\a' }, platform: 'win32', homeDir: undefined })).toMatchObject({
      cacheDir: 'C:\\a\\segjobs\\cache',
      stateDir: 'C:\\a\\segjobs\\state',
    });
  });

  it("never repairs the mode of a directory the user named: it may be somebody else's", () => {
    expect(
      locate({ env: { SEGJOBS_CONFIG_DIR: '/tmp' }, platform: 'linux', homeDir: home }).mayRepairDir,
    ).toBe(false);
    expect(locate({ env: {}, platform: 'linux', homeDir: home }).mayRepairDir).toBe(true);
  });
});
