// Every command, in the order the help shows them.

import { authCommands } from './auth.ts';
import { bulkGetCommand } from './bulk-get.ts';
import { cancelCommand } from './cancel.ts';
import type { Command } from './command.ts';
import { completionCommand } from './completion.ts';
import { configCommands } from './config.ts';
import { createCommand } from './create.ts';
import { emulatorCommands } from './emulator.ts';
import { getCommand } from './get.ts';
import { listCommand } from './list.ts';
import { quotaCommand } from './quota.ts';
import { statsCommand } from './stats.ts';
import { watchCommand } from './watch.ts';

export const commands: readonly Command[] = [
  listCommand,
  createCommand,
  getCommand,
  bulkGetCommand,
  cancelCommand,
  watchCommand,
  quotaCommand,
  statsCommand,
  authCommands,
  configCommands,
  completionCommand,
  emulatorCommands,
];
