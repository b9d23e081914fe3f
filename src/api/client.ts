// The Segment Jobs API as the rest of the program sees it: one method per endpoint, and the paging iterator.

import type { JobStatus, JsonText, SegmentJob } from '../jobs/job.ts';
import type { BulkMemory } from './bulk-memory.ts';

export { createClient } from './endpoints.ts';

/** Where the service is, who asks, and how patiently. */
export interface ApiConnection {
  /** The gateway's origin (a path in front of the API's own is kept). */
  readonly apiUrl: string;
  /** The login service's origin. */
  readonly imsUrl: string;
  /** `x-gw-ims-org-id`. */
  readonly orgId: string;
  /** `x-api-key`. */
  readonly clientId: string;
  /** `x-sandbox-name`; `undefined` is a `CONFIG` error before anything is sent. */
  readonly sandbox: string | undefined;
  /** `T`: connect within T/6, headers within T, then at least 1 kB/s over any T/2. */
  readonly httpTimeoutMs: number;
  /** How often one request is tried again at most. */
  readonly maxRetries: number;
  /** How many pages of a long list are asked for at once at most; default: 4. */
  readonly parallel?: number | undefined;
}

export interface ApiClock {
  /** Unix milliseconds. */
  now(): number;
  /** Milliseconds from any fixed point; never jumps. */
  monotonicMs(): number;
  /** Rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** What the wire needs of the world. Limits of a connection are real timers of its own; waits use the clock. */
export interface ApiHost {
  readonly clock: ApiClock;
  /** Aborted with a `SegjobsError` when the user interrupts; what is under way then throws that reason. */
  readonly signal: AbortSignal;
  /** Where HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY are looked up; default: none are set. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** For `user-agent: segjobs/VERSION`. */
  readonly version?: string | undefined;
  /** One line per request; never holds a credential. */
  readonly debug?: ((line: string) => void) | undefined;
  /** One line for every wait of more than two seconds. */
  readonly waiting?: ((line: string) => void) | undefined;
  /** From 0 up to 1, for jitter. */
  readonly random?: (() => number) | undefined;
  /** A new `x-request-id`. */
  readonly requestId?: (() => string) | undefined;
  /** Where creates are remembered from one command to the next; without it none is. */
  readonly createMemory?: CreateMemoryPlace | undefined;
}

export interface CreateMemoryPlace {
  /** A directory of its own, which need not exist; `undefined` where there is no home for one. */
  readonly directory: () => Promise<string | undefined>;
  /** The user's id; `undefined` on Windows. */
  readonly userId: number | undefined;
  /** Told when a create cannot be remembered. */
  readonly warn: (line: string) => void;
}

/** What `GET /segment/jobs` is asked for. Values are sent as given, percent-encoded. */
export interface ListQuery {
  /** The service takes one status. */
  readonly status?: JobStatus | undefined;
  /** `jsonPath==value` or `arrayAttribute~key==value`; every one must hold. */
  readonly properties?: readonly string[] | undefined;
  /** `snapshot.name`. */
  readonly snapshot?: string | undefined;
  /** `creationTime:desc` and the like. */
  readonly sort?: string | undefined;
  /** Passed through as it is: an offset, a page index or a token, whichever the service means. */
  readonly start?: string | undefined;
  /** Page size, 1 to 100. */
  readonly limit: number;
  /** How many jobs are wanted in all: no page beyond them is asked for early. Default: all. */
  readonly wanted?: number | undefined;
}

export interface JobPage {
  readonly jobs: readonly SegmentJob[];
  /** `_page.totalCount`, where the service told one. */
  readonly totalCount?: number | undefined;
  /** `_page` and `_links` exactly as received; `{}` where absent. */
  readonly pageJson: JsonText;
  readonly linksJson: JsonText;
}

/** One page out of `pages()`: only jobs that no earlier page held. */
export interface FreshPage extends JobPage {
  /** Whether the service holds more after this page, as far as can be known. */
  readonly hasMore: boolean;
  /** On the last page: fewer distinct jobs came than `totalCount` promised (never told as a whole list). */
  readonly isIncomplete: boolean;
}

export type CreateRequest = { readonly segmentIds: readonly string[] } | { readonly allSegments: true };

export interface CreateOptions {
  /** Return a NEW, QUEUED or PROCESSING job of exactly these segments, where there is one. */
  readonly reuseActive?: boolean | undefined;
  /** Do not look for the jobs of earlier creates whose outcome is not known; forget those creates. */
  readonly isNew?: boolean | undefined;
  /** Flags with which a command that is told as a hint looks at the same service: `--sandbox dev`, quoted. */
  readonly hintFlags?: readonly string[] | undefined;
  /**
   * Awaited right before a create is sent, and only where one will be: in turn, and with no job of an earlier create
   * or one that runs already to return instead. What it throws ends the create, nothing sent.
   */
  readonly beforeSending?: (() => Promise<void>) | undefined;
  /** Called when the create may be on its way, and again when its outcome is known. */
  readonly onDoubt?: ((isInDoubt: boolean) => void) | undefined;
}

export interface CreatedJob {
  readonly job: SegmentJob;
  /**
   * `created`: the service answered. `recovered`: the answer was lost, and the job was found by looking for it.
   * `earlier`: nothing was sent, an earlier create had made it and nobody was told. `active`: nothing was sent, it
   * runs already.
   */
  readonly origin: 'created' | 'recovered' | 'earlier' | 'active';
  /**
   * To be called once the job has been told where it was asked for. Until then the next create of the same segments
   * on this machine finds this job, should this process end.
   */
  settle(): void;
}

/** What the service said of one id that it could not give. */
export interface ItemError {
  readonly httpStatus?: number | undefined;
  readonly message: string;
  readonly requestId?: string | undefined;
}

export interface BulkResult {
  /** By id, in the order asked. */
  readonly jobs: ReadonlyMap<string, SegmentJob>;
  /** Ids that came back absent, or with a 404, in the order asked. */
  readonly missing: readonly string[];
  /** Ids that came back with any other error. */
  readonly failed: ReadonlyMap<string, ItemError>;
}

export interface Sandbox {
  readonly name: string;
  readonly title?: string | undefined;
  readonly state?: string | undefined;
  /** `production` or `development`: the type tells, never the name. */
  readonly type?: string | undefined;
  readonly isDefault: boolean;
}

/** A request as it would be sent, for `--dry-run`: credentials masked. */
export interface RequestPreview {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export interface ReadOptions {
  /** Ends the reading early, with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * For a list that is printed as it comes: several pages are asked for at once, and a job is left in the bytes it came
   * in until a field of it is asked for. Its fields are then getters (`{ ...job }` copies none), and good until the next
   * page is asked for.
   */
  readonly isStreamed?: boolean | undefined;
  /** For the polls of a watch by bulk-get: where it is given, an answer that has not changed is not read again. */
  readonly memory?: BulkMemory | undefined;
  /** For the polls of a watch: retries and waits count for this call alone, not for the whole command. */
  readonly hasOwnBudget?: boolean | undefined;
}

/**
 * Every method throws a `SegjobsError` on anything but a well-formed answer.
 * Reads and `cancel` are retried within the budget; `create` only where it certainly did not happen.
 */
export interface SegmentJobsClient {
  /** `GET /segment/jobs`, one page, exactly as asked. */
  listPage(query: ListQuery): Promise<JobPage>;
  /** All pages from `query.start` on, each job once, whichever way the service pages. */
  pages(query: ListQuery, options?: ReadOptions): AsyncGenerator<FreshPage, void, undefined>;
  /**
   * `POST /segment/jobs`, while no other process of this machine does the same. Throws `OUTCOME_UNKNOWN` when it, or
   * an earlier one of the same segments, may have happened and no single match was found.
   */
  create(request: CreateRequest, options?: CreateOptions): Promise<CreatedJob>;
  /** What `create` would send. Needs no token. */
  previewCreate(request: CreateRequest): RequestPreview;
  /** `GET /segment/jobs/{id}`. */
  get(id: string): Promise<SegmentJob>;
  /** `POST /segment/jobs/bulk-get` in chunks of 100; duplicates are asked once. */
  bulkGet(ids: readonly string[], options?: ReadOptions): Promise<BulkResult>;
  /**
   * `DELETE /segment/jobs/{id}`: marks the job for cancellation; the service carries it out later.
   * A 404 after a retry is settled by one GET. Returns the job when that GET was needed.
   */
  cancel(id: string): Promise<SegmentJob | undefined>;
  /** Sandboxes that the credential can see; empty when it is in none. */
  sandboxes(): Promise<readonly Sandbox[]>;
  /** Unix ms on the service's clock: the last good answer's `Date` plus monotonic time since; else local time. */
  serviceNow(): number;
}
