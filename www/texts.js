// @ts-check
// Every text of the page, in each of its languages. `data-t` in index.html names a key.

import { EN } from './texts-en.js';
import { ZH } from './texts-zh.js';

/** @type {Record<string, typeof EN>} */
const TEXTS = { en: EN, zh: ZH };
export const LANGUAGES = { en: 'English', zh: '中文' };

let chosen = navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en';

export const language = () => chosen;

/** @param {string} code */
export function chooseLanguage(code) {
    chosen = code in TEXTS ? code : 'en';
}

/** A text; what it tells of comes behind its key. @param {string} key @param {...any} told @returns {string} */
export function t(key, ...told) {
    const text = /** @type {Record<string, any>} */ (TEXTS[chosen])[key];
    if (text === undefined) return key;
    return typeof text === 'function' ? text(...told) : text;
}

/** Puts the texts of a document in its elements. @param {Document} page */
export function translate(page) {
    page.documentElement.lang = chosen;
    page.title = t('title');
    for (const element of page.querySelectorAll('[data-t]')) element.textContent = t(element.getAttribute('data-t') ?? '');
    for (const element of page.querySelectorAll('[data-t-placeholder]')) element.setAttribute('placeholder', t(element.getAttribute('data-t-placeholder') ?? ''));
    for (const element of page.querySelectorAll('[data-t-label]')) element.setAttribute('aria-label', t(element.getAttribute('data-t-label') ?? ''));
}
