// For chalk: the level of colour is always handed to it.
export default { stdout: false, stderr: false };
