import { describe, expect, it } from 'vitest';
import { SegjobsError } from '../../src/errors.ts';
import { checkJobId, checkSegmentId } from '../../src/jobs/job-id.ts';

function refusal(check: () => string): string {
  try {
    return `taken: ${check()}`;
  } catch (error) {
    return error instanceof SegjobsError ? error.message : String(error);
  }
}

describe('the id of a segment definition', () => {
  it.each(['7863c010-e092-41c8-ae5e-9e533186752e', 'SEG1', 'a.b_c~d', 'é', '*'])('can be %s', (id) => {
    expect(checkSegmentId(id)).toBe(id);
  });

  it.each([
    ['a,b', 'a segment id must not hold ,'],
    ['a b', 'a segment id must not hold a blank'],
    ['{', 'a segment id must not hold {'],
    ['"segments": [', 'a segment id must not hold "'],
    ['id;name', 'a segment id must not hold ;'],
    ['', 'a segment id must not be blank'],
    ['..', '".." is not a segment id'],
  ])('cannot be %j, which is a piece of something else', (id, message) => {
    expect(refusal(() => checkSegmentId(id))).toBe(message);
  });
});

describe('a job id', () => {
  it.each(['a/b', 'a?b', 'a#b', '100%', 'a b', '*'])(
    'can be %s: it is encoded into one path segment',
    (id) => {
      expect(checkJobId(id)).toBe(id);
    },
  );
});
