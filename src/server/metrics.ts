import { Counter, Gauge, Histogram, Registry } from '@prometheus-io/client';
import { hitRate, type ModelCacheMetrics } from './model-cache.ts';

export type Outcome = 'successful' | 'failed' | 'cancelled';

/** What the metrics look at when they are read; reading them loads and touches no model. */
export interface MetricSources {
  readonly runningRequests: () => number;
  readonly modelCache: () => ModelCacheMetrics;
}

// Seconds; a toy model answers in a millisecond, a long prompt on a slow machine in minutes.
const latencyBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

const ratio = (a: number, b: number): number => (b === 0 ? 0 : a / b);

/**
 * The counters behind `GET /metrics`. The first ten names are those of the Rust realizar, whose dashboards they keep alive.
 * "Request" there means a request that uses a model; `realizar_http_requests_total` counts every one.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #started = performance.now();
  readonly #total = { requests: 0, successful: 0, failed: 0, cancelled: 0, tokens: 0, seconds: 0 };
  readonly #requestSeconds: Histogram<'route'>;
  readonly #timeToFirstToken: Histogram;
  readonly #interTokenLatency: Histogram;
  readonly #httpRequests: Counter<'route' | 'method' | 'status'>;
  readonly #promptTokens: Counter;

  constructor(sources: MetricSources) {
    const registers = [this.#registry];
    const total = this.#total;
    const counter = (name: string, help: string, value: () => number): void => {
      // A counter that is read from its source: it can only be set by way of reset.
      const metric = new Counter({
        name: `realizar_${name}`,
        help,
        registers: [],
        collect() {
          this.reset();
          this.inc(value());
        },
      });
      this.#registry.registerMetric(metric);
    };
    const gauge = (name: string, help: string, value: () => number): void => {
      const metric = new Gauge({
        name: `realizar_${name}`,
        help,
        registers: [],
        collect() {
          this.set(value());
        },
      });
      this.#registry.registerMetric(metric);
    };
    const histogram = <Label extends string = never>(
      name: string,
      help: string,
      labelNames: Label[] = [],
    ): Histogram<Label> =>
      new Histogram({ name: `realizar_${name}`, help, labelNames, buckets: latencyBuckets, registers });
    const uptime = (): number => (performance.now() - this.#started) / 1000;

    counter('requests_total', 'Requests that used a model and have ended', () => total.requests);
    counter('requests_successful', 'Requests answered', () => total.successful);
    counter('requests_failed', 'Requests that ended with an error', () => total.failed);
    counter('requests_cancelled', 'Requests whose client left before the end', () => total.cancelled);
    counter('tokens_generated', 'Tokens generated', () => total.tokens);
    counter('inference_time_seconds', 'Time that requests took, summed', () => total.seconds);
    gauge('requests_per_second', 'Requests per second since the start', () => ratio(total.requests, uptime()));
    gauge('tokens_per_second', 'Tokens generated per second of inference time', () =>
      ratio(total.tokens, total.seconds),
    );
    gauge('avg_latency_ms', 'Mean time that a request took, in milliseconds', () =>
      ratio(1000 * total.seconds, total.requests),
    );
    gauge('error_rate', 'Failed requests per request, 0 to 1', () => ratio(total.failed, total.requests));
    gauge('uptime_seconds', 'Time since the start', uptime);

    gauge('requests_in_flight', 'Sequences of requests that run now', sources.runningRequests);
    this.#promptTokens = new Counter({
      name: 'realizar_prompt_tokens_total',
      help: 'Prompt tokens of generations',
      registers,
    });
    this.#requestSeconds = histogram(
      'request_duration_seconds',
      'Time from admission to the end of a request that uses a model',
      ['route'],
    );
    this.#timeToFirstToken = histogram('time_to_first_token_seconds', 'Time from admission to the first token');
    this.#interTokenLatency = histogram('inter_token_latency_seconds', 'Time between two tokens of a generation');
    this.#httpRequests = new Counter({
      name: 'realizar_http_requests_total',
      help: 'HTTP requests by their status',
      labelNames: ['route', 'method', 'status'],
      registers,
    });

    counter('model_cache_hits_total', 'Lookups of models that were loaded', () => sources.modelCache().hits);
    counter('model_cache_misses_total', 'Lookups that loaded the model', () => sources.modelCache().misses);
    counter('model_cache_evictions_total', 'Models dropped to make room', () => sources.modelCache().evictions);
    gauge('model_cache_hit_rate_percent', 'Hits per lookup, 0 to 100', () => hitRate(sources.modelCache()));
    gauge('model_cache_size', 'Models in memory', () => sources.modelCache().size);
    gauge('model_cache_bytes', 'Bytes of the models in memory', () => sources.modelCache().bytes);
  }

  requestEnded(route: string, outcome: Outcome, seconds: number): void {
    this.#total.requests += 1;
    this.#total[outcome] += 1;
    this.#total.seconds += seconds;
    this.#requestSeconds.observe({ route }, seconds);
  }

  generationStarted(promptTokens: number): void {
    this.#promptTokens.inc(promptTokens);
  }

  tokenGenerated(place: 'first' | 'later', seconds: number): void {
    this.#total.tokens += 1;
    (place === 'first' ? this.#timeToFirstToken : this.#interTokenLatency).observe(seconds);
  }

  /** @param route the route's pattern, never the path: labels must be few */
  httpRequest(route: string, method: string, status: number): void {
    this.#httpRequests.inc({ route, method, status });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** @see https://prometheus.io/docs/instrumenting/exposition_formats/ */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
