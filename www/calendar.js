// @ts-check
// Differences by metric and time, as a picture that is a table: colour and pattern say what is most of
// a cell, its text says all of it.

import { el } from './dom.js';
import { CELLS, weight } from './findings.js';
import { t } from './texts.js';
import { counted, number, SIGNS, signText } from './words.js';

/** @typedef {import('./findings.js').Findings} Findings */
/** @typedef {import('./findings.js').Counts} Counts */
/** Hours [from, to) of a column; in those of a break no difference begins or ends. @typedef {{ from: number, to: number, label: string, isBreak?: boolean }} Column */
/** @typedef {Counts & { stretches: number, reaches: boolean }} Cell */

/** Metrics that are shown, the worst first. */
const ROWS = 40;
/** Columns that fit. */
const COLUMNS = 62;
/** Lengths of a column, in hours. */
const LENGTHS = [1, 6, 24, 7 * 24, 28 * 24, 182 * 24, 3640 * 24, 182_000 * 24];
/** Hours of a stretch that is told by its ends: a missing series is one from its first point to its last, and may have points in 1970 and 2100. */
const LONG = COLUMNS * 28 * 24;

/** @param {number} hour */
export const hourText = (hour) => new Date(hour * 3_600_000).toISOString().slice(0, 16).replace('T', ' ');

/** Metrics by how much differs, the worst first. @param {Findings} findings */
export function worstMetrics(findings) {
    const metrics = findings.metrics.map((metric) => ({ metric, counts: findings.counts(...pair(findings.ofMetric(metric))) }));
    return metrics.sort((a, b) => weight(b.counts) - weight(a.counts));
}

/** @param {number[]} range @returns {[number, number]} */
export const pair = ([from, to]) => [from, to];

/**
 * The picture; `null` where differences have no time.
 * @param {Findings} findings
 * @param {string} node what is compared: hour, day
 * @param {(metric: import('./findings.js').Metric, column: Column) => void} open
 */
export function calendar(findings, node, open) {
    const columns = columnsOf(findings);
    if (columns === null) return null;
    const metrics = worstMetrics(findings);
    const shown = metrics.slice(0, ROWS);
    const rows = shown.map(({ metric }) => ({ metric, cells: cellsOf(findings, metric, columns) }));
    const most = Math.max(...rows.flatMap(({ cells }) => cells.map((cell) => (cell === undefined ? 0 : weight(cell)))));
    const first = columns.find((column) => !column.isBreak) ?? columns[0];
    const unit = t(`column.${first.to - first.from}`);
    const caption = t('calendar.caption', unit, node === 'patch');
    const table = el('table', { class: 'calendar' },
        el('caption', {}, caption),
        el('thead', {}, headings(columns)),
        el('tbody', {}, rows.map(({ metric, cells }) => el('tr', {},
            el('th', { scope: 'row' }, el('span', {}, metric.metric)),
            cells.map((cell, index) => cellOf(cell, columns[index], node, most, metric, open))))));
    const more = metrics.length - shown.length;
    return el('div', {},
        el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption }, table),
        more > 0 && el('p', { class: 'hint' }, t('calendar.more', number(more))),
        legend(node));
}

/** @param {string} node */
function legend(node) {
    const unresolved = t(node === 'patch' ? 'patch.cleared' : 'legend.unresolved');
    const kinds = [...Object.entries(SIGNS).map(([kind, sign]) => [kind, signText(sign, node)]), ['unresolved', unresolved]];
    return el('ul', { class: 'legend' }, kinds.map(([kind, text]) =>
        el('li', {}, el('span', { class: `swatch ${kind}`, 'aria-hidden': 'true' }), text)));
}

/** Columns where something differs, as short as fit, and what lies between. @param {Findings} findings @returns {Column[] | null} */
function columnsOf(findings) {
    for (const length of LENGTHS) {
        const starts = startsOf(findings, length);
        if (starts === null) return null;
        if (starts.length > COLUMNS) continue;
        /** @type {Column[]} */
        const columns = [];
        for (const start of starts) {
            const behind = columns.at(-1)?.to ?? start;
            const empty = (start - behind) / length;
            // A few columns without differences say more than a break.
            if (empty > 2) columns.push({ from: behind, to: start, label: '', isBreak: true });
            else for (let from = behind; from < start; from += length) columns.push(columnAt(from, length));
            columns.push(columnAt(start, length));
        }
        return columns;
    }
    return null;
}

/** @param {number} from @param {number} length @returns {Column} */
const columnAt = (from, length) => ({ from, to: from + length, label: length < 24 ? hourText(from) : hourText(from).slice(0, 10) });

/** Where columns of this length begin that hold a difference, ascending; more than fit where there are too many. @param {Findings} findings @param {number} length */
function startsOf(findings, length) {
    /** @type {Set<number>} */
    const starts = new Set();
    for (let index = 0; index < findings.count; index++) {
        const hours = findings.hours(index);
        if (hours === null) return null;
        const [first, last] = [hours[0], hours[1] - 1].map((hour) => Math.floor(hour / length) * length);
        const step = hours[1] - hours[0] > LONG ? last - first : length;
        for (let at = first; at <= last && starts.size <= COLUMNS; at += step || length) starts.add(at);
        if (starts.size > COLUMNS) break;
    }
    return [...starts].sort((x, y) => x - y);
}

/** Two rows of headings: days above hours, months above days, years above what is longer. @param {Column[]} columns */
function headings(columns) {
    const first = columns.find((column) => !column.isBreak) ?? columns[0];
    const length = first.to - first.from;
    const [cut, low] = length < 24 ? [10, [11, 13]] : length === 24 ? [7, [8, 10]] : [4, [5, 10]];
    /** @type {{ text: string, count: number }[]} */
    const groups = [];
    for (const column of columns) {
        const text = column.label.slice(0, cut);
        const group = groups.at(-1);
        if (group?.text === text) group.count += 1;
        else groups.push({ text, count: 1 });
    }
    return [
        el('tr', {}, el('td', {}), groups.map(({ text, count }) =>
            text === '' ? el('td', { class: 'break' }) : el('th', { scope: 'colgroup', colspan: count }, text))),
        el('tr', {}, el('th', { scope: 'col' }, t('metric')), columns.map((column) => (column.isBreak
            ? el('td', { class: 'break' }, el('span', { class: 'unseen' }, t('calendar.break')), el('span', { 'aria-hidden': 'true' }, '⋯'))
            : el('th', { scope: 'col' }, column.label.slice(...low))))),
    ];
}

/**
 * What differs in each column; a stretch over several gives each its share by hours.
 * @param {Findings} findings @param {import('./findings.js').Metric} metric @param {Column[]} columns
 */
function cellsOf(findings, metric, columns) {
    /** @type {(Cell | undefined)[]} */
    const cells = columns.map(() => undefined);
    const [start, end] = findings.ofMetric(metric);
    for (let index = start; index < end; index++) {
        const at = index * CELLS;
        const [from, hours] = [findings.cells[at], findings.cells[at + 1]];
        const firstColumn = columnOf(columns, from);
        const lastColumn = columnOf(columns, from + hours - 1);
        const inside = (/** @type {Column} */ column) => Math.min(from + hours, column.to) - Math.max(from, column.from);
        const touched = columns.slice(firstColumn, lastColumn + 1).filter(({ isBreak }) => !isBreak);
        const covered = touched.reduce((sum, column) => sum + inside(column), 0);
        for (let column = firstColumn; column <= lastColumn; column++) {
            if (columns[column].isBreak) continue;
            const cell = (cells[column] ??= { missing: 0, extra: 0, changed: 0, unresolved: 0, stretches: 0, reaches: false });
            const share = inside(columns[column]) / covered;
            cell.missing += findings.cells[at + 2] * share;
            cell.extra += findings.cells[at + 3] * share;
            cell.changed += findings.cells[at + 4] * share;
            cell.unresolved += findings.cells[at + 5] * share;
            cell.stretches += 1;
            cell.reaches ||= lastColumn > firstColumn;
        }
    }
    return cells;
}

/** Index of the column that holds an hour. @param {Column[]} columns @param {number} hour */
function columnOf(columns, hour) {
    let [low, high] = [0, columns.length - 1];
    while (low < high) {
        const middle = (low + high) >> 1;
        if (hour < columns[middle].to) high = middle;
        else low = middle + 1;
    }
    return low;
}

/** @param {Cell} cell */
function kindOf(cell) {
    /** @type {[string, number][]} */
    const kinds = [['missing', cell.missing], ['extra', cell.extra], ['changed', cell.changed], ['unresolved', cell.unresolved]];
    return kinds.reduce((most, kind) => (kind[1] > most[1] ? kind : most))[0];
}

/**
 * @param {Cell | undefined} cell @param {Column} column @param {string} node @param {number} most
 * @param {import('./findings.js').Metric} metric
 * @param {(metric: import('./findings.js').Metric, column: Column) => void} open
 */
function cellOf(cell, column, node, most, metric, open) {
    if (cell === undefined) return el('td', { class: column.isBreak && 'break' });
    const round = (/** @type {number} */ n) => (n > 0 ? Math.max(1, Math.round(n)) : 0);
    const counts = { missing: round(cell.missing), extra: round(cell.extra), changed: round(cell.changed), unresolved: round(cell.unresolved) };
    const text = `${metric.metric}, ${column.label}: ${cell.reaches ? t('about') : ''}${counted(counts, node)}`;
    const strength = 1 + Math.round(3 * Math.sqrt(weight(cell) / most));
    const button = el('button', { type: 'button', class: `${kindOf(cell)} s${strength}`, title: text, 'aria-label': text, onclick: () => open(metric, column) });
    return el('td', {}, button);
}
