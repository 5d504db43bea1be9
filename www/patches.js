// @ts-check
// What is told of patches: what one changes, and whether several lead from a backup where they promise.

import { table } from './dom.js';
import { t } from './texts.js';
import { number, readable, signText } from './words.js';

/** @typedef {import('../pkg/tsdbproof.js').Report} Report */

/** Whether it is told what a patch changes. @param {Report} report */
export const isOfPatch = (report) => report.compared?.depth === 'patch';

/** The answer in one sentence; `undefined` of other jobs. @param {Report} report */
export function patchSentence(report) {
    const { job, verdict, compared, patches = [], misfit } = report;
    if (compared && isOfPatch(report)) {
        const { missing, extra, changed, unresolved_nodes: cleared } = compared;
        /** @type {[number, string][]} */
        const kinds = [[missing, 'deletes'], [extra, 'adds'], [changed, 'replaces'], [cleared, 'clears']];
        const parts = kinds.filter(([n]) => n > 0).map(([n, kind]) => t(`patch.${kind}`, number(n), n));
        return t('patch.changes', parts.length > 0 ? parts : [t('patch.nothing')]);
    }
    if (job !== 'apply') return undefined;
    if (misfit !== undefined) return t(`patch.misfit.${misfit.kind}`, misfit.patches);
    return t(`patch.${verdict}`, patches.length, number(patches.at(-1)?.result_points ?? 0));
}

/** Roots that patches name, each with what it is of. @param {Report} report @returns {[string, string][]} */
export function patchRoots({ sides, patches = [], misfit }) {
    /** @type {[string, string][]} */
    const roots = [];
    const [first, last] = [patches.at(0), patches.at(-1)];
    if (first !== undefined && sides.length === 0) roots.push([t('patch.from'), first.base_root]);
    if (last !== undefined) roots.push([t('patch.to'), last.result_root]);
    if (misfit !== undefined && misfit.kind !== 'base') roots.push([t('patch.end'), misfit.root]);
    return roots;
}

/** Patches in the order in which they follow on each other; `null` where there are none. @param {Report} report */
export function patchTable({ patches = [] }) {
    if (patches.length === 0) return null;
    const hasCleared = patches.some((patch) => patch.cleared_hours);
    const head = [t('patch.name'), ...['-', '+', '~'].map((sign) => signText(sign, 'patch')), hasCleared && t('patch.cleared'), t('patch.points'), t('cover.last')].filter((it) => it !== false);
    const rows = patches.map((patch) => [
        patch.name, number(patch.deleted), number(patch.added), number(patch.replaced),
        hasCleared && number(patch.cleared_hours ?? 0), number(patch.result_points), readable(patch.result_last)].filter((it) => it !== false));
    return table(t('patch.title'), head, rows, { numbers: [1, 2, 3, 4, 5] });
}
