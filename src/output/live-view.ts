// A watch on a terminal: a live region that shows how things stand, and a line above it for each job that has ended.

import type { SegmentJob } from '../jobs/job.ts';
import type { WatchEvent } from '../jobs/watch-events.ts';
import { statusOf } from '../jobs/watch-ledger.ts';
import { safeText } from '../safe-text.ts';
import type { ScreenKeeper } from '../screen-keeper.ts';
import { layoutLiveBlock } from './live-block.ts';
import { createLiveMemory, type ForecastFor } from './live-state.ts';
import type { Output } from './output.ts';
import type { Paint } from './terminal.ts';
import { eventText, finishText, lostText } from './watch-text.ts';

export interface LiveLook {
  readonly clock: {
    monotonicMs(): number;
    sleep(ms: number, signal?: AbortSignal): Promise<void>;
  };
  /** Has the region give the terminal back when the process stops or leaves. */
  readonly screen?: ScreenKeeper | undefined;
  /** How long a job usually takes; asked for each job in view with every frame. */
  readonly forecastFor?: ForecastFor | undefined;
}

/** Most first answers come sooner: a watch of what has ended already flickers nothing. */
const firstFrameMs = 150;
const frameMs = 125;
/** Of a terminal that does not tell its height. */
const usualRows = 24;

/** Call only where `output.canAnimate`. `stop` wipes the region; the lines above it stay. */
export function openLiveView(
  output: Output,
  { clock, screen, forecastFor }: LiveLook,
): { readonly show: (event: WatchEvent) => void; readonly stop: () => void } {
  const { paint } = output.terminals.stderr;
  const memory = createLiveMemory(forecastFor);
  let frame = 0;

  const region = output.openRegion((size) => {
    const rows = size.rows || usualRows;
    const { serviceNow, ...state } = memory.at(clock.monotonicMs());
    return layoutLiveBlock(state, { columns: size.columns, rows, now: serviceNow, frame, paint });
  });
  const letGo = screen?.hold(region);

  const ticking = new AbortController();
  const tick = async () => {
    await clock.sleep(firstFrameMs, ticking.signal);
    for (;;) {
      region.refresh();
      frame++;
      await clock.sleep(frameMs, ticking.signal);
    }
  };
  tick().catch(() => undefined);

  return {
    show: (event) => {
      memory.take(event, clock.monotonicMs());
      if (event.type === 'watch.started' && event.selection !== undefined)
        output.note(eventText(event) ?? '');
      if (event.type === 'job.lost') output.warn(`? ${safeText(event.id)}  ${lostText(event.error)}`);
      if (event.type !== 'job.finished') return;
      const { mark, style } = markOf(event.job, paint);
      const line = `${mark} ${safeText(event.id)}  ${finishText(event)}`;
      output.note(line, (safe) => `${style(mark)}${safe.slice(mark.length)}`);
    },
    stop: () => {
      ticking.abort();
      region.stop();
      letGo?.();
    },
  };
}

function markOf(
  job: SegmentJob,
  paint: Paint,
): { readonly mark: string; readonly style: (text: string) => string } {
  const status = statusOf(job);
  if (status === 'SUCCEEDED') return { mark: '✓', style: paint.good };
  return status === 'FAILED' ? { mark: '✗', style: paint.bad } : { mark: '-', style: paint.warn };
}
