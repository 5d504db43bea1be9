// @ts-check
// Numbers, sizes, times and tags as people read them.

import { language, t } from './texts.js';

/** @param {number} n */
export const number = (n) => new Intl.NumberFormat(language()).format(n);

/** @param {number} bytes */
export function size(bytes) {
    const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
    let unit = 0;
    let n = bytes;
    while (n >= 1024 && unit < units.length - 1) {
        n /= 1024;
        unit += 1;
    }
    return `${unit === 0 ? n : n.toFixed(1)} ${units[unit]}`;
}

/** @param {number} seconds */
export function duration(seconds) {
    if (!Number.isFinite(seconds)) return '';
    if (seconds < 60) return t('seconds', Math.max(1, Math.ceil(seconds)));
    if (seconds < 3600) return t('minutes', Math.ceil(seconds / 60));
    return t('hours', (seconds / 3600).toFixed(1));
}

/** A time of a report, without its letters. @param {string | null | undefined} time */
export const readable = (time) => (time ?? '').replace('T', ' ').replace('Z', '');

/** A stretch of time; of one day the day is told once. @param {string | null} from @param {string | null} to */
export function span(from, to) {
    if (from === null || to === null) return t('allTime');
    const [a, b] = [readable(from).slice(0, 16), readable(to).slice(0, 16)];
    return a.slice(0, 10) === b.slice(0, 10) ? `${a}–${b.slice(11)}` : `${a} – ${b}`;
}

/** @param {Record<string, string>} tags */
export const tagText = (tags) => Object.entries(tags).map(([key, value]) => `${key}=${value}`).join(', ');

/** Kinds of differences, each with its sign. */
export const SIGNS = { missing: '-', extra: '+', changed: '~' };

/** What a sign means. @param {string} sign @param {string} node what is compared */
const meaning = (sign, node) => t(node === 'patch' ? `sign.patch.${sign}` : `sign.${sign}`);

/** A sign as text has it. @param {string} sign */
const drawn = (sign) => sign.replace('-', '−');

/** A sign and what it means. @param {string} sign @param {string} node what is compared */
export const signText = (sign, node) => `${drawn(sign)} ${meaning(sign, node)}`;

/** What differs, in words. @param {import('./findings.js').Counts} counts @param {string} node */
export function counted(counts, node) {
    const kinds = /** @type {[keyof typeof SIGNS, string][]} */ (Object.entries(SIGNS)).filter(([kind]) => counts[kind] > 0);
    const parts = kinds.map(([kind, sign]) => t('count', drawn(sign), number(counts[kind]), meaning(sign, node)));
    const { unresolved } = counts;
    if (unresolved > 0) parts.push(t(node === 'patch' ? 'patch.unresolved' : 'n.unresolved', number(unresolved), unresolved, t(`node.${node}`, unresolved)));
    return parts.join(', ');
}
