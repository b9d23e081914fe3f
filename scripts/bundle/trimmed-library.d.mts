/** Returns the path of a CommonJS file that holds the library as the build trims it. */
export function trimmedLibrary(name: string): Promise<string>;
