// @ts-check
// What can be kept: the manifest, the report as the command writes it, and a report that stands alone.

import { calendar, pair, worstMetrics } from './calendar.js';
import { el, table } from './dom.js';
import { isOfPatch, patchTable } from './patches.js';
import { language, t } from './texts.js';
import { banner, coverage, files, problems, roots } from './verdict.js';
import { counted, number, span, tagText } from './words.js';

/** @typedef {import('./findings.js').Findings} Findings */
/** @typedef {import('../pkg/tsdbproof.js').Report} Report */

/** Differences that a report that stands alone tells one by one. */
const TOLD_DIFFERENCES = 1000;

/** @param {Blob} blob @param {string} name */
export function download(blob, name) {
    const address = URL.createObjectURL(blob);
    const link = el('a', { href: address, download: name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/**
 * A report as one file without any script.
 * @param {Report} report @param {Findings} findings @param {string} style @param {string} about which program made it
 */
export async function standAlone(report, findings, style, about) {
    const node = report.compared?.depth ?? 'hour';
    const indexes = worst(findings);
    const told = await Promise.all(indexes.map((index) => findings.line(index)));
    const rows = told.map((it) => [it.metric, tagText(it.tags), span(it.from, it.to), counted({ missing: it.missing, extra: it.extra, changed: it.changed, unresolved: it.unresolved_nodes }, node)]);
    const left = findings.count - told.length;
    const titles = isOfPatch(report) ? ['patch.where', 'patch.every'] : ['calendar.title', 'differences.title'];
    const section = (/** @type {string} */ title, /** @type {import('./dom.js').Child} */ body) => body && el('section', {}, el('h2', {}, title), body);
    const body = el('body', {}, el('main', {},
        el('h1', {}, t('report.title')),
        banner(report), roots(report),
        section(t('patch.title'), patchTable(report)),
        section(t('cover.title'), coverage(report)),
        section(t('problems.title'), problems(report)),
        findings.count > 0 && section(t(titles[0]), calendar(findings, node, () => {})),
        findings.count > 0 && section(t(titles[1]), el('div', {},
            table(t(titles[1]), [t('metric'), t('tags'), t('time'), t('what')], rows),
            left > 0 && el('p', {}, t('report.left', number(left))))),
        section(t('files.title'), files(report)),
        el('p', { class: 'hint' }, about)));
    for (const button of body.querySelectorAll('.copy')) button.remove();
    const head = el('head', {},
        el('meta', { charset: 'utf-8' }),
        el('meta', { 'http-equiv': 'Content-Security-Policy', content: "default-src 'none'; style-src 'unsafe-inline'" }),
        el('meta', { name: 'viewport', content: 'width=device-width' }),
        el('title', {}, t('report.title')), el('style', {}, style));
    const html = el('html', { lang: language() }, head, body);
    return new Blob(['<!doctype html>\n', html.outerHTML], { type: 'text/html' });
}

/** The first differences of the worst metrics, in the order of the report. @param {Findings} findings */
function worst(findings) {
    /** @type {number[]} */
    const indexes = [];
    for (const { metric } of worstMetrics(findings)) {
        const [from, to] = pair(findings.ofMetric(metric));
        for (let index = from; index < to && indexes.length < TOLD_DIFFERENCES; index++) indexes.push(index);
    }
    return indexes.sort((a, b) => a - b);
}
