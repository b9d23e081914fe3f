// What stands in for a part of a library that segjobs never calls: it says so, should it be called all the same.

/** A function that throws, whatever it is given. */
export function missing(what) {
  return () => {
    throw new Error(`${what} is not in this build of segjobs`);
  };
}
