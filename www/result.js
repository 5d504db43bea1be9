// @ts-check
// The answer of a job on the page, and what can be done with it.

import { calendar } from './calendar.js';
import { byId, el, fill } from './dom.js';
import { Explorer } from './explorer.js';
import { download, standAlone } from './keep.js';
import { isOfPatch, patchTable } from './patches.js';
import { t } from './texts.js';
import { banner, coverage, files, problems, roots } from './verdict.js';

/** @typedef {import('./run.js').Ended} Ended */
/** @typedef {import('../pkg/tsdbproof.js').Difference} Difference */

/** Time around a difference that is drawn with it. */
const AROUND_MS = 3_600_000;

/** @param {HTMLElement} place @param {Ended} ended @param {import('./engine.js').Engine} engine @param {string} about */
export function showResult(place, ended, engine, about) {
    const { report, findings } = ended;
    const node = report.compared?.depth ?? 'hour';
    const explorer = findings.count > 0 ? new Explorer(findings, node, (difference) => pointsOf(ended, engine, difference)) : null;
    const openCell = (/** @type {import('./findings.js').Metric} */ metric, /** @type {any} */ column) => {
        explorer?.go({ metric, column }, true);
        explorer?.element.scrollIntoView({ block: 'nearest' });
    };
    const section = (/** @type {string} */ title, /** @type {import('./dom.js').Child} */ body) => body && el('section', {}, el('h2', {}, title), body);
    const titles = isOfPatch(report) ? ['patch.where', 'patch.every'] : ['calendar.title', 'differences.title'];
    fill(place,
        banner(report), roots(report), actions(ended, about),
        section(t('patch.title'), patchTable(report)),
        explorer && section(t(titles[0]), calendar(findings, node, openCell)),
        explorer && section(t(titles[1]), explorer.element),
        section(t('problems.title'), problems(report)),
        section(t('cover.title'), coverage(report)),
        section(t('files.title'), files(report)));
    fill(byId('said'), place.querySelector('.sentence')?.textContent);
}

/** @param {Ended} ended @param {string} about */
function actions({ outcome, report, findings }, about) {
    const name = (report.sides.at(-1)?.names[0] ?? report.patches?.at(-1)?.name ?? 'report').split('/').at(-1)?.replace(/\.[a-z0-9.]{1,12}$/i, '') || 'report';
    const style = () => byId('style').textContent ?? '';
    const { manifest } = outcome;
    const button = (/** @type {string} */ key, /** @type {() => void} */ onclick, isMain = false) =>
        el('button', { type: 'button', class: isMain ? undefined : 'quiet', onclick }, t(key));
    return el('div', { class: 'row actions' },
        manifest && button('save.manifest', () => download(new Blob([/** @type {any} */ (manifest)]), `${name}.arrow`), true),
        button('save.json', () => download(findings.report(), `${name}-${report.job}.jsonl`)),
        button('save.html', async () => download(await standAlone(report, findings, style(), about), `${name}-${report.job}.html`)),
        button('print', () => window.print()));
}

/** The points of both sides around a difference. @param {Ended} ended @param {import('./engine.js').Engine} engine @param {Difference} difference */
function pointsOf({ request, report }, engine, difference) {
    const from = Date.parse(difference.from ?? '') - AROUND_MS;
    const to = Date.parse(difference.to ?? '') + AROUND_MS;
    const options = { ...request.options, from: `${Math.max(0, from)}ms`, to: `${to}ms`, profile: report.profile };
    delete options.metric;
    delete options.tag;
    delete options.sha256;
    const { metric, tags } = difference;
    const { base = [], current = [] } = request;
    return engine.start({ call: 'points', base, current, options, series: { metric, tags } });
}
