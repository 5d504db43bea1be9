// @ts-check
// The differences of a report, compact: 32 bytes each in memory, the lines themselves in blobs, which
// a browser keeps outside of the page's memory. A report is sorted by metric, tags and time, so a
// series and a metric are ranges of it.

/** @typedef {{ missing: number, extra: number, changed: number, unresolved: number }} Counts */
/** @typedef {{ metric: string, from: number, to: number }} Metric series [from, to) of a metric */
/**
 * What a worker tells of some lines.
 * @typedef {object} Batch
 * @property {Blob} blob the lines
 * @property {Float64Array} offsets where each begins in them
 * @property {Uint32Array} cells CELLS numbers for each
 * @property {number[]} series which of them begin a series
 * @property {[number, string][]} metrics which of them begin a metric
 */

/** First hour, hours, missing, extra, changed, unresolved. */
export const CELLS = 6;
/** The first hour where a difference has no time. */
export const NO_HOUR = 0xffff_ffff;
/** Lines that are kept as objects. */
const KEPT = 4096;

export class Findings {
    constructor() {
        this.count = 0;
        this.bytes = 0;
        /** @type {Blob[]} */
        this.blobs = [];
        this.offsets = new Float64Array(1024);
        this.cells = new Uint32Array(1024 * CELLS);
        /** Where each series begins. @type {number[]} */
        this.series = [];
        /** @type {Metric[]} */
        this.metrics = [];
        /** @type {Map<number, Promise<import('../pkg/tsdbproof.js').Difference>>} */
        this.lines = new Map();
    }

    /** @param {Batch} batch */
    add(batch) {
        const more = batch.offsets.length;
        while (this.count + more > this.offsets.length) this.#grow();
        for (let index = 0; index < more; index++) this.offsets[this.count + index] = this.bytes + batch.offsets[index];
        this.cells.set(batch.cells, this.count * CELLS);
        for (const [index, metric] of batch.metrics) {
            const at = this.series.length + batch.series.indexOf(index);
            const open = this.metrics.at(-1);
            if (open !== undefined) open.to = at;
            this.metrics.push({ metric, from: at, to: at });
        }
        for (const index of batch.series) this.series.push(this.count + index);
        const open = this.metrics.at(-1);
        if (open !== undefined) open.to = this.series.length;
        this.count += more;
        this.blobs.push(batch.blob);
        this.bytes += batch.blob.size;
    }

    #grow() {
        const [offsets, cells] = [this.offsets, this.cells];
        this.offsets = new Float64Array(offsets.length * 2);
        this.offsets.set(offsets);
        this.cells = new Uint32Array(cells.length * 2);
        this.cells.set(cells);
    }

    /** The whole report. */
    report() {
        if (this.blobs.length !== 1) this.blobs = [new Blob(this.blobs, { type: 'application/x-ndjson' })];
        return this.blobs[0];
    }

    /** The differences [from, to) of a series. @param {number} series */
    ofSeries(series) {
        return [this.series[series], this.series[series + 1] ?? this.count];
    }

    /** The differences [from, to) of a metric. @param {Metric} metric */
    ofMetric(metric) {
        return [this.series[metric.from], this.series[metric.to] ?? this.count];
    }

    /** First hour and the one behind the last; `null` where there is no time. @param {number} index */
    hours(index) {
        const from = this.cells[index * CELLS];
        return from === NO_HOUR ? null : [from, from + this.cells[index * CELLS + 1]];
    }

    /** Counts of the differences [from, to). @param {number} from @param {number} to @returns {Counts} */
    counts(from, to) {
        const sum = { missing: 0, extra: 0, changed: 0, unresolved: 0 };
        for (let at = from * CELLS; at < to * CELLS; at += CELLS) {
            sum.missing += this.cells[at + 2];
            sum.extra += this.cells[at + 3];
            sum.changed += this.cells[at + 4];
            sum.unresolved += this.cells[at + 5];
        }
        return sum;
    }

    /** A difference as the report tells it. @param {number} index */
    line(index) {
        const held = this.lines.get(index);
        if (held !== undefined) return held;
        if (this.lines.size >= KEPT) this.lines.delete(this.lines.keys().next().value ?? 0);
        const end = index + 1 < this.count ? this.offsets[index + 1] : this.bytes;
        const line = this.report().slice(this.offsets[index], end).text()
            // The summary may follow the last difference in the same blob.
            .then((text) => JSON.parse(text.split('\n', 1)[0]));
        this.lines.set(index, line);
        return line;
    }
}

/** How much differs. @param {Counts} counts */
export const weight = (counts) => counts.missing + counts.extra + counts.changed + counts.unresolved;
