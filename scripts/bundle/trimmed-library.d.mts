/** For `resolve.alias`: the libraries that are edited, not only lightened, as they are in the bundle. */
export function trimmedAliases(): Promise<Record<string, string>>;
