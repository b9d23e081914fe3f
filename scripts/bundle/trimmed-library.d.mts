/** Returns the path of a ES module that holds the library as the build trims it. */
export function trimmedLibrary(name: string): Promise<string>;
