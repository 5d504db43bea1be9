// @ts-check
// The answer: one sentence, what was held against what, what was covered, what is wrong with files.

import { byId, el, fill, svg, table } from './dom.js';
import { patchRoots, patchSentence } from './patches.js';
import { t } from './texts.js';
import { number, readable, size } from './words.js';

/** @typedef {import('../pkg/tsdbproof.js').Report} Report */
/** @typedef {import('../pkg/tsdbproof.js').Side} Side */
/** @typedef {import('../pkg/tsdbproof.js').File} ReportFile */
/** @typedef {import('../pkg/tsdbproof.js').PlacedProblem} PlacedProblem */

/** Rows of a list that are told. */
const TOLD_ROWS = 200;

/** How bad an answer is: a class, and with it a colour and a sign. @param {Report} report */
function tone({ job, verdict }) {
    // Nothing was checked but the file itself.
    if (job === 'show' && verdict === 'done') return 'told';
    if (verdict === 'same' || verdict === 'same-bytes' || verdict === 'done') return 'good';
    return verdict === 'incomplete' || verdict === 'tolerated' ? 'warn' : 'bad';
}

/** The answer in one sentence. @param {Report} report */
export function sentence(report) {
    const points = number(report.sides.at(-1)?.points ?? 0);
    const { verdict, compared } = report;
    const ofPatches = patchSentence(report);
    if (ofPatches !== undefined) return ofPatches;
    if ((verdict === 'different' || verdict === 'tolerated') && compared && compared.differences > 0) {
        const { missing, extra, changed, unresolved_nodes: unresolved } = compared;
        /** @type {[number, string][]} */
        const kinds = [[missing, 'missing'], [extra, 'extra'], [changed, 'changed']];
        const parts = kinds.filter(([n]) => n > 0).map(([n, kind]) => t(`say.${kind}`, number(n), n));
        if (unresolved > 0) parts.push(t('n.unresolved', number(unresolved), unresolved, t(`node.${compared.depth}`, unresolved)));
        return t(`say.${verdict}`, parts);
    }
    if (verdict === 'different') return t('say.otherRoot');
    const compares = report.job === 'verify' || report.job === 'diff';
    if (verdict === 'same' && report.profile === 'f32') return t('say.sameF32');
    return t(`say.${compares ? '' : 'one.'}${verdict}`, points);
}

/** @param {Report} report */
export function banner(report) {
    const sign = { told: 'i', good: '✓', warn: '!', bad: '✕' }[tone(report)];
    return el('div', { class: `banner ${tone(report)}`, id: 'answer', tabindex: -1 },
        el('span', { class: 'sign', 'aria-hidden': 'true' }, sign),
        el('div', {},
            el('p', { class: 'sentence' }, sentence(report)),
            [...report.reasons, ...(report.notes ?? [])].map((reason) => el('p', { class: 'reason' }, reason))));
}

/** The root of each side, to copy. @param {Report} report */
export function roots(report) {
    const root = (/** @type {string} */ label, /** @type {string} */ text) => el('div', { class: 'root' },
        el('span', { class: 'label' }, label), el('code', {}, text),
        el('button', { type: 'button', class: 'quiet copy', 'aria-label': t('copy.of', label), onclick: (/** @type {Event} */ event) => copy(/** @type {HTMLElement} */ (event.currentTarget), text) }, t('copy')));
    const of = (/** @type {Side} */ side) => root(t('rootOf', roleOf(report, side)), report.profile === 'f32' ? side.f32_root : side.exact_root);
    const equal = report.sides.length === 2 && report.sides[0].exact_root === report.sides[1].exact_root;
    return el('div', { class: 'roots' },
        equal && report.profile === 'exact' ? root(t('rootOfBoth'), report.sides[0].exact_root) : report.sides.map(of),
        patchRoots(report).map(([label, text]) => root(label, text)),
        report.sides.length === 1 && report.job !== 'apply' && root(t('statement'), report.sides[0].statement));
}

/** @param {HTMLElement} button @param {string} text */
async function copy(button, text) {
    try {
        await navigator.clipboard.writeText(text);
        button.textContent = t('copied');
    } catch {
        const code = button.parentElement?.querySelector('code');
        if (code) getSelection()?.selectAllChildren(code);
        button.textContent = t('copyByHand');
    }
    // The button has a name of its own, so that its text is read to nobody.
    fill(byId('said'), button.textContent);
    setTimeout(() => (button.textContent = t('copy')), 2000);
}

/** @param {Report} report @param {Side} side */
export function roleOf(report, side) {
    if (report.job === 'apply') return t('side.base');
    if (report.sides.length === 2) return t(report.sides[0] === side ? 'side.base' : 'side.current');
    return side.is_manifest ? t('side.manifest') : t('side.source');
}

/** What each side holds, and how much of it was compared. @param {Report} report */
export function coverage(report) {
    const { sides, compared } = report;
    if (sides.length === 0) return null;
    /** @type {[string, (side: Side) => string | undefined][]} */
    const lines = [
        [t('cover.files'), (side) => names(side)],
        [t('cover.points'), (side) => number(side.points)],
        [t('cover.series'), (side) => number(side.series_count)],
        [t('cover.metrics'), (side) => number(side.metrics_count)],
        [t('cover.first'), (side) => readable(side.first)],
        [t('cover.last'), (side) => readable(side.last)],
        [t('cover.repeats'), (side) => unlessZero(side.repeats)],
        [t('cover.conflicts'), (side) => unlessZero(side.conflicts)],
        [t('cover.replaced'), (side) => unlessZero(side.replaced)],
        [t('cover.filtered'), (side) => unlessZero(side.filtered)],
        [t('cover.notRead'), (side) => unlessZero(side.not_read.length)],
    ];
    const rows = lines.map(([label, of]) => [label, ...sides.map((side) => of(side) ?? '')]).filter((row) => row.slice(1).some((cell) => cell !== ''));
    if (compared) {
        rows.push([t('cover.compared'), ...sides.map((_, index) => number(index === 0 && sides.length === 2 ? compared.base_points : compared.current_points))]);
    }
    const nodes = compared && t('cover.nodes', number(compared.equal_nodes), number(compared.nodes), t(`node.${compared.depth}`, compared.nodes));
    return el('div', {},
        table(t('cover.title'), [t('what'), ...sides.map((side) => roleOf(report, side))], rows, { numbers: [1, 2] }),
        nodes && el('p', { class: 'hint' }, nodes));
}

/** @param {number} n */
const unlessZero = (n) => (n > 0 ? number(n) : undefined);

/** @param {Side} side */
function names(side) {
    const more = side.names.length - 3;
    return [...side.names.slice(0, 3), ...(more > 0 ? [t('moreFiles', number(more))] : [])].join(', ');
}

/** @param {Report} report */
export function files(report) {
    const rows = report.sides.flatMap((side) => side.files.map((file) => [
        file.name, roleOf(report, side), size(file.size_bytes), file.codec === 'plain' ? file.format : `${file.format}, ${file.codec}`, number(file.points_read), file.sha256 ?? '']));
    if (rows.length === 0) return null;
    const hasSha = rows.some((row) => row[5] !== '');
    const head = [t('file'), t('side'), t('size'), t('format'), t('cover.points'), 'SHA-256'];
    return el('div', {},
        table(t('files.title'), hasSha ? head : head.slice(0, 5), rows.slice(0, TOLD_ROWS).map((row) => (hasSha ? row : row.slice(0, 5))), { numbers: [2, 4] }),
        rows.length > TOLD_ROWS && el('p', { class: 'hint' }, t('moreFiles', number(rows.length - TOLD_ROWS))));
}

/** Faults of files with their places, and what could not be read; `null` where all is well. @param {Report} report */
export function problems(report) {
    const parts = report.sides.flatMap((side) => [
        ...side.problems.map((group) => el('details', { open: group.is_damage },
            el('summary', {}, el('span', { class: group.is_damage ? 'tag bad' : 'tag' }, t(group.is_damage ? 'damage' : 'note')),
                ` ${number(group.count)} × ${group.kind} · ${roleOf(report, side)}`),
            el('ul', { class: 'places' }, group.first.map((problem) => el('li', {}, place(problem), damageMap(side, problem)))),
            group.count > group.first.length && el('p', { class: 'hint' }, t('problems.more', number(group.count - group.first.length))))),
        side.not_read.length > 0 && el('details', { open: true },
            el('summary', {}, el('span', { class: 'tag warn' }, t('cover.notRead')), ` ${number(side.not_read.length)} · ${roleOf(report, side)}`),
            el('ul', { class: 'places' }, side.not_read.slice(0, TOLD_ROWS).map((file) => el('li', {}, el('strong', {}, file.name), `: ${file.why}`)))),
        Object.entries(side.left_out ?? {}).map(([kind, n]) => el('p', {}, t('leftOut', number(n), kind))),
    ]);
    const changed = (report.changed_files ?? []).map((file) => el('details', { open: true },
        el('summary', {}, el('span', { class: 'tag' }, t('note')), ` ${t('changedBytes', file.name)}`),
        byteMap(file.bytes, sizeOf(report, file.name), file.name)));
    const found = [...parts.flat(), ...changed].filter((part) => part !== false);
    return found.length === 0 ? null : el('div', { class: 'problems' }, found);
}

/** @param {PlacedProblem} problem */
function place(problem) {
    const at = [
        problem.line !== undefined && t('at.line', number(problem.line)),
        problem.byte !== undefined && t('at.byte', number(problem.byte)),
        problem.packed_byte !== undefined && t('at.packed', number(problem.packed_byte)),
    ].filter((text) => text !== false).join(', ');
    return el('span', {}, el('strong', {}, problem.file), at && ` (${at})`, `: ${problem.what}`);
}

/** Where in its file a fault stands, if its byte is one of the file as it lies there. @param {Side} side @param {PlacedProblem} problem */
function damageMap(side, problem) {
    const file = side.files.find((it) => it.name === problem.file);
    const byte = problem.packed_byte ?? (file?.codec === 'plain' ? problem.byte : undefined);
    if (file === undefined || byte === undefined || file.size_bytes === 0) return null;
    return byteMap([[byte, byte + 1]], file.size_bytes, file.name);
}

/** @param {Report} report @param {string} name */
const sizeOf = (report, name) => report.sides.flatMap((side) => side.files).find((file) => file.name === name)?.size_bytes ?? 0;

/** A file as a bar with these bytes marked. @param {[number, number][]} bytes @param {number} total @param {string} name */
function byteMap(bytes, total, name) {
    const end = Math.max(total, ...bytes.map(([, to]) => to), 1);
    const marks = bytes.map(([from, to]) => svg('rect', { x: Math.min((from / end) * 1000, 996), y: 0, width: Math.max(4, ((to - from) / end) * 1000), height: 10 }));
    const label = t('byteMap', name, bytes.map(([from]) => `${Math.floor((from / end) * 100)} %`).join(', '));
    return svg('svg', { class: 'bytes', viewBox: '0 0 1000 10', preserveAspectRatio: 'none', role: 'img', 'aria-label': label },
        svg('rect', { class: 'whole', x: 0, y: 0, width: 1000, height: 10 }), marks);
}
