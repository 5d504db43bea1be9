// @ts-check
// Points of a series on both sides as a picture: base as a line with circles, current as a dashed line
// with squares, gaps left open, instants that differ marked. A table below tells the same.

import { el, svg, table } from './dom.js';
import { t } from './texts.js';
import { readable, signText } from './words.js';

/** @typedef {import('../pkg/tsdbproof.js').SeriesPoint} SeriesPoint */
/** @typedef {import('../pkg/tsdbproof.js').SeriesPoints} SeriesPoints */

const HEIGHT = 300;
const [LEFT, RIGHT, TOP, BOTTOM] = [76, 14, 14, 34];
/** Points whose marks are drawn one by one. */
const MARKED = 400;
/** Rows of the table. */
const TOLD_POINTS = 500;

/** @param {SeriesPoints} found @param {number} from start of the stretch @param {number} to its end, in ms @param {number} width in pixels @param {string} node what is compared */
export function plot(found, from, to, width, node) {
    const { points } = found;
    if (points.length === 0) return el('p', { class: 'hint' }, t('plot.none'));
    const scale = scaleOf(points, from, to, width);
    const lines = [];
    if (found.has_base) lines.push(lineOf(points, 'base', scale));
    if (found.has_current) lines.push(lineOf(points, 'current', scale));
    const differing = points.filter((point) => point.sign !== '=');
    const picture = svg('svg', { viewBox: `0 0 ${width} ${HEIGHT}`, class: 'plot', role: 'img', 'aria-label': t('plot.label', points.length, differing.length) },
        svg('rect', { class: 'stretch', x: scale.x(from), y: TOP, width: Math.max(1, scale.x(to) - scale.x(from)), height: HEIGHT - TOP - BOTTOM }),
        axes(scale),
        differing.slice(0, 2000).map((point) => mark(point, scale)),
        lines,
        points.length <= MARKED && points.flatMap((point) => dots(point, scale)));
    return el('figure', {},
        picture,
        el('figcaption', {},
            found.has_base ? el('span', { class: 'key base' }, t('side.base')) : t('plot.noBase'), ' ',
            found.has_current ? el('span', { class: 'key current' }, t('side.current')) : t('plot.noCurrent'),
            found.is_cut && ` ${t('plot.cut')}`),
        pointTable(points, node));
}

/** @param {SeriesPoint[]} points @param {string} node */
function pointTable(points, node) {
    const differing = points.filter((point) => point.sign !== '=');
    const told = differing.length > 0 ? differing : points;
    const rows = told.slice(0, TOLD_POINTS).map((point) => [
        readable(point.time), point.sign === '=' ? '' : signText(point.sign, node), point.base.join(', '), point.current.join(', ')]);
    const caption = differing.length > 0 ? t('plot.differing') : t('plot.all');
    return el('details', { open: told.length <= 12 }, el('summary', {}, `${caption} (${told.length})`),
        table(caption, [t('time'), t('what'), t('side.base'), t('side.current')], rows, { numbers: [2, 3] }),
        told.length > TOLD_POINTS && el('p', { class: 'hint' }, t('plot.first', TOLD_POINTS)));
}

/** @param {SeriesPoint[]} points @param {number} from @param {number} to @param {number} width */
function scaleOf(points, from, to, width) {
    let [first, last, low, high] = [from, to, Infinity, -Infinity];
    const gaps = [];
    for (let index = 0; index < points.length; index++) {
        const { timestamp_ms, base_number, current_number } = points[index];
        first = Math.min(first, timestamp_ms);
        last = Math.max(last, timestamp_ms);
        if (index > 0) gaps.push(timestamp_ms - points[index - 1].timestamp_ms);
        for (const value of [base_number, current_number]) {
            if (value === undefined || value === null || !Number.isFinite(value)) continue;
            low = Math.min(low, value);
            high = Math.max(high, value);
        }
    }
    if (low > high) [low, high] = [0, 1];
    if (low === high) [low, high] = [low - Math.max(1, Math.abs(low) * 0.1), high + Math.max(1, Math.abs(high) * 0.1)];
    gaps.sort((a, b) => a - b);
    const gap = 2.5 * (gaps[Math.floor(gaps.length / 2)] ?? Infinity);
    const x = (/** @type {number} */ ms) => LEFT + ((ms - first) / Math.max(1, last - first)) * (width - LEFT - RIGHT);
    // Halves first: the way between the largest numbers is larger than a number can be.
    const y = (/** @type {number} */ value) => HEIGHT - BOTTOM - ((value / 2 - low / 2) / (high / 2 - low / 2)) * (HEIGHT - TOP - BOTTOM);
    return { first, last, low, high, gap, width, x, y };
}

/** @typedef {ReturnType<typeof scaleOf>} Scale */

/** @param {number | null | undefined} value @returns {value is number} */
const isDrawn = (value) => value !== undefined && value !== null && Number.isFinite(value);

/** A line that breaks at gaps. @param {SeriesPoint[]} points @param {'base' | 'current'} side @param {Scale} scale */
function lineOf(points, side, scale) {
    let path = '';
    let before = -Infinity;
    for (const point of points) {
        const value = side === 'base' ? point.base_number : point.current_number;
        if (!isDrawn(value)) continue;
        const isGap = path === '' || point.timestamp_ms - before > scale.gap;
        path += `${isGap ? 'M' : 'L'}${scale.x(point.timestamp_ms).toFixed(1)} ${scale.y(value).toFixed(1)}`;
        before = point.timestamp_ms;
    }
    return svg('path', { class: `line ${side}`, d: path });
}

/** @param {SeriesPoint} point @param {Scale} scale */
function dots({ timestamp_ms, base_number, current_number }, scale) {
    const x = scale.x(timestamp_ms);
    return [
        isDrawn(base_number) && svg('circle', { class: 'dot base', cx: x, cy: scale.y(base_number), r: 3 }),
        isDrawn(current_number) && svg('rect', { class: 'dot current', x: x - 2, y: scale.y(current_number) - 2, width: 4, height: 4 }),
    ].filter((dot) => dot !== false);
}

/** @param {SeriesPoint} point @param {Scale} scale */
function mark({ timestamp_ms, sign }, scale) {
    const kind = { '-': 'missing', '+': 'extra', '~': 'changed', '=': '' }[sign];
    const x = scale.x(timestamp_ms);
    return svg('line', { class: `mark ${kind}`, x1: x, x2: x, y1: TOP, y2: HEIGHT - BOTTOM });
}

/** Steps of time that people count in, in ms. */
const STEPS = [1, 10, 100, 1000, 5000, 15_000, 60_000, 300_000, 900_000, 1_800_000, 3_600_000, 10_800_000, 21_600_000, 86_400_000, 604_800_000, 2_419_200_000, 31_536_000_000];

/** @param {Scale} scale */
function axes({ first, last, low, high, width, x, y }) {
    const parts = [];
    for (const value of ticks(low, high)) {
        parts.push(svg('line', { class: 'grid', x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value) }));
        parts.push(svg('text', { x: LEFT - 8, y: y(value) + 4, 'text-anchor': 'end' }, short(value)));
    }
    const most = Math.max(2, Math.floor(width / 130));
    const step = STEPS.find((ms) => (last - first) / ms <= most) ?? STEPS[STEPS.length - 1];
    const [from, to] = step >= 86_400_000 ? [0, 10] : step >= 60_000 ? [11, 16] : step >= 1000 ? [11, 19] : [11, 23];
    for (let ms = Math.ceil(first / step) * step; ms <= last; ms += step) {
        // A day begins with its name.
        const text = new Date(ms).toISOString();
        const label = step < 86_400_000 && ms % 86_400_000 === 0 ? text.slice(0, 10) : text.slice(from, to);
        parts.push(svg('line', { class: 'grid', x1: x(ms), x2: x(ms), y1: HEIGHT - BOTTOM, y2: HEIGHT - BOTTOM + 6 }));
        parts.push(svg('text', { x: Math.max(LEFT, Math.min(width - 40, x(ms))), y: HEIGHT - 10, 'text-anchor': 'middle' }, label));
    }
    return parts;
}

/** Round values from low to high. @param {number} low @param {number} high */
function ticks(low, high) {
    const rough = high / 4 - low / 4;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
    const values = [];
    if (!Number.isFinite(step) || step === 0) return [low, high];
    for (let index = Math.ceil(low / step); index * step <= high && values.length < 12; index++) values.push(index * step);
    return values.length > 0 ? values : [low, high];
}

/** @param {number} value */
const short = (value) => (Math.abs(value) >= 1e6 || (value !== 0 && Math.abs(value) < 1e-3) ? Number(value.toPrecision(5)).toExponential() : String(Number(value.toPrecision(10))));
