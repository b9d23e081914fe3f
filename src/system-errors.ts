// Failed system calls in words a person understands.

/** The `code` of an error of Node's, such as `ENOENT`. */
export function systemCodeOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error) || !('code' in cause)) return undefined;
  return typeof cause.code === 'string' ? cause.code : undefined;
}

/** A failed system call in words, without the path (the caller names it) and never with file content. */
export function explainSystemError(cause: unknown): string {
  const code = systemCodeOf(cause);
  return code === undefined ? 'unknown reason' : (systemErrors.get(code) ?? code);
}

const systemErrors: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'permission denied'],
  ['EPERM', 'permission denied'],
  ['EROFS', 'the file system is read-only'],
  ['ENOSPC', 'the disk is full'],
  ['EDQUOT', 'the disk quota is used up'],
  ['EFBIG', 'the file would be larger than allowed'],
  ['ENOENT', 'no such file or directory'],
  ['ENOTDIR', 'a part of its path is not a directory'],
  ['EISDIR', 'it is a directory'],
  ['EMFILE', 'too many open files'],
  ['ELOOP', 'a loop of links'],
  ['ENAMETOOLONG', 'the name is too long'],
]);
