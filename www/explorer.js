// @ts-check
// From metric to series to day to stretch of hours to points. The place is a row of crumbs.

import { hourText, pair, worstMetrics } from './calendar.js';
import { el, fill, table } from './dom.js';
import { weight } from './findings.js';
import { List } from './list.js';
import { plot } from './plot.js';
import { t } from './texts.js';
import { counted, number, readable, signText, span, tagText } from './words.js';

/** @typedef {import('./findings.js').Findings} Findings */
/** @typedef {import('./findings.js').Metric} Metric */
/** @typedef {import('../pkg/tsdbproof.js').Difference} Difference */
/** @typedef {import('../pkg/tsdbproof.js').SeriesPoints} SeriesPoints */
/** Hours [from, to) with a name. @typedef {{ from: number, to: number, label: string }} Column */
/** @typedef {{ metric?: Metric, series?: number, column?: Column, stretch?: number }} Place */
/** @typedef {{ text: string | Promise<string>, counts: import('./findings.js').Counts, place: Place }} Row */

const DAY = 24;

export class Explorer {
    /**
     * @param {Findings} findings
     * @param {string} node what is compared
     * @param {(difference: Difference) => { result: Promise<SeriesPoints>, cancel: () => void }} points
     */
    constructor(findings, node, points) {
        this.findings = findings;
        this.node = node;
        this.points = points;
        /** @type {Place} */
        this.place = {};
        this.crumbs = el('nav', { class: 'crumbs', 'aria-label': t('crumbs') });
        this.body = el('div', { 'aria-live': 'polite' });
        this.element = el('div', { class: 'explorer' }, this.crumbs, this.body);
        /** @type {(() => void) | undefined} */
        this.leave = undefined;
        this.go({});
    }

    /** @param {Place} place @param {boolean} [isMove] whether the keyboard goes along @returns {Promise<void>} */
    async go(place, isMove = false) {
        this.leave?.();
        this.leave = undefined;
        this.place = place;
        await this.#showCrumbs();
        if (this.place !== place) return;
        if (place.stretch !== undefined) return this.#showStretch(place.stretch);
        const rows = this.#rows(place);
        if (rows.count === 1 && isMove) return this.go(rows.row(0).place, true);
        const list = new List(rows.label, rows.count, (index) => this.#button(rows.row(index)));
        fill(this.body, list.element, el('p', { class: 'hint' }, t('list.count', number(rows.count), rows.label, this.node === 'patch')));
        list.draw();
        if (isMove) list.focus(0);
    }

    /** @param {Row} row */
    #button({ text, counts, place }) {
        const name = el('span', { class: 'name' });
        if (typeof text === 'string') fill(name, text);
        else text.then((told) => fill(name, told));
        return el('button', { type: 'button', onclick: () => this.go(place, true) }, name,
            el('span', { class: 'counts' }, counted(counts, this.node)), el('span', { 'aria-hidden': 'true' }, '›'));
    }

    /** What is below a place. @param {Place} place @returns {{ label: string, count: number, row: (index: number) => Row }} */
    #rows(place) {
        const { metric, series, column } = place;
        if (metric === undefined) {
            const metrics = worstMetrics(this.findings);
            const row = (/** @type {number} */ index) => ({ text: metrics[index].metric.metric, counts: metrics[index].counts, place: { metric: metrics[index].metric } });
            return { label: t('list.metrics'), count: metrics.length, row };
        }
        if (series === undefined) return this.#seriesRows(metric, column);
        return column === undefined ? this.#dayRows(place, series) : this.#stretchRows(place, series, column);
    }

    /** Series of a metric, the worst first. @param {Metric} metric @param {Column} [column] */
    #seriesRows(metric, column) {
        const { findings } = this;
        /** @type {{ series: number, weight: number }[]} */
        const found = [];
        for (let series = metric.from; series < metric.to; series++) {
            const indexes = this.#stretches(series, column);
            if (indexes.length > 0) found.push({ series, weight: indexes.reduce((sum, index) => sum + weight(findings.counts(index, index + 1)), 0) });
        }
        found.sort((a, b) => b.weight - a.weight);
        const row = (/** @type {number} */ index) => {
            const { series } = found[index];
            const text = findings.line(findings.series[series]).then(({ tags }) => tagText(tags) || t('noTags'));
            return { text, counts: this.#sum(this.#stretches(series, column)), place: { metric, series, column } };
        };
        return { label: t('list.series'), count: found.length, row };
    }

    /** @param {Place} place @param {number} series */
    #dayRows(place, series) {
        /** @type {Map<number, number[]>} */
        const days = new Map();
        for (const index of this.#stretches(series)) {
            const day = Math.floor((this.findings.hours(index)?.[0] ?? 0) / DAY);
            days.set(day, [...(days.get(day) ?? []), index]);
        }
        const all = [...days];
        const row = (/** @type {number} */ at) => {
            const [day, indexes] = all[at];
            const isTimed = this.findings.hours(indexes[0]) !== null;
            const label = isTimed ? hourText(day * DAY).slice(0, 10) : t('allTime');
            const column = { from: day * DAY, to: (day + 1) * DAY, label };
            return { text: label, counts: this.#sum(indexes), place: isTimed ? { ...place, column } : { ...place, stretch: indexes[0] } };
        };
        return { label: t('list.days'), count: all.length, row };
    }

    /** @param {Place} place @param {number} series @param {Column} column */
    #stretchRows(place, series, column) {
        const indexes = this.#stretches(series, column);
        const row = (/** @type {number} */ at) => ({
            text: this.findings.line(indexes[at]).then(({ from, to }) => span(from, to)),
            counts: this.#sum([indexes[at]]),
            place: { ...place, stretch: indexes[at] },
        });
        return { label: t('list.stretches'), count: indexes.length, row };
    }

    /** Differences of a series that touch a column. @param {number} series @param {Column} [column] */
    #stretches(series, column) {
        const [from, to] = this.findings.ofSeries(series);
        const found = [];
        for (let index = from; index < to; index++) {
            const hours = this.findings.hours(index);
            if (column === undefined || (hours !== null && hours[0] < column.to && hours[1] > column.from)) found.push(index);
        }
        return found;
    }

    /** @param {number[]} indexes */
    #sum(indexes) {
        const sum = { missing: 0, extra: 0, changed: 0, unresolved: 0 };
        for (const index of indexes) {
            const counts = this.findings.counts(...pair([index, index + 1]));
            sum.missing += counts.missing;
            sum.extra += counts.extra;
            sum.changed += counts.changed;
            sum.unresolved += counts.unresolved;
        }
        return sum;
    }

    async #showCrumbs() {
        const { metric, series, column, stretch } = this.place;
        /** @type {[string, Place][]} */
        const steps = [[t('allMetrics'), {}]];
        if (metric) steps.push([metric.metric, { metric }]);
        if (metric && series === undefined && column) steps.push([column.label, { metric, column }]);
        if (series !== undefined) {
            const { tags } = await this.findings.line(this.findings.series[series]);
            steps.push([tagText(tags) || t('noTags'), { metric, series }]);
            if (column) steps.push([column.label, { metric, series, column }]);
        }
        if (stretch !== undefined) {
            const { from, to } = await this.findings.line(stretch);
            steps.push([span(from, to), this.place]);
        }
        const last = steps.length - 1;
        fill(this.crumbs, el('ol', {}, steps.map(([text, place], index) => el('li', {}, index === last
            ? el('span', { 'aria-current': 'location' }, text)
            : el('button', { type: 'button', class: 'link', onclick: () => this.go(place, false).then(() => this.focus()) }, text)))));
    }

    focus() {
        this.body.querySelector('button')?.focus();
    }

    /** @param {number} index */
    async #showStretch(index) {
        const place = this.place;
        const difference = await this.findings.line(index);
        if (this.place !== place) return;
        const picture = el('div', { class: 'picture' }, el('p', { class: 'hint', role: 'status' }, t('plot.reading')));
        fill(this.body, el('div', { class: 'stretch', tabindex: -1 }, facts(difference, this.node), picture));
        this.body.querySelector('div')?.focus({ preventScroll: true });
        if (difference.from === null || difference.to === null) return fill(picture, el('p', { class: 'hint' }, t('plot.noTime')));
        const [from, to] = [Date.parse(difference.from), Date.parse(difference.to)];
        const { result, cancel } = this.points(difference);
        this.leave = cancel;
        try {
            const found = await result;
            if (this.place === place) fill(picture, found.has_base || found.has_current ? plot(found, from, to, Math.max(320, picture.clientWidth), this.node) : el('p', { class: 'hint' }, t('plot.noPoints')));
        } catch (error) {
            if (this.place === place) fill(picture, el('p', { class: 'hint bad' }, String(/** @type {Error} */ (error).message)));
        }
    }
}

/** What a difference says of itself. @param {Difference} difference @param {string} node */
function facts(difference, node) {
    const { missing, extra, changed, unresolved_nodes: unresolved } = difference;
    const causes = difference.causes.map((cause) => el('li', {}, t(`cause.${cause.cause}`, cause)));
    const isPatch = node === 'patch';
    const examples = difference.examples.map((it) => [
        readable(it.time), signText(it.sign, node), it.base.join(', '), it.current.join(', ')]);
    return el('div', {},
        el('p', { class: 'strong' }, counted({ missing, extra, changed, unresolved }, node),
            difference.whole_series && `; ${t('wholeSeries')}`),
        el('p', {}, t(isPatch ? 'patch.holds' : 'sidesHold', number(difference.base_points), number(difference.current_points))),
        causes.length > 0 && el('ul', { class: 'causes' }, causes),
        examples.length > 0 && table(t('examples'), [t('time'), t('what'), t('side.base'), t('side.current')], examples, { numbers: [2, 3] }));
}
