// @ts-check
// Elements. Text from data goes in as text nodes and attributes only: nothing here reads markup.

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * An element with attributes, listeners (`onclick`) and children.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function el(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    set(element, attributes);
    append(element, children);
    return element;
}

/**
 * The same in the namespace of SVG.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Child | Child[])} children
 */
export function svg(tag, attributes = {}, ...children) {
    const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
    set(element, attributes);
    append(element, children);
    return element;
}

/** @param {Element} element @param {Record<string, any>} attributes */
function set(element, attributes) {
    for (const [name, value] of Object.entries(attributes)) {
        if (value === undefined || value === null || value === false) continue;
        if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
        else element.setAttribute(name, value === true ? '' : String(value));
    }
}

/** @param {Element} element @param {(Child | Child[])[]} children */
export function append(element, children) {
    for (const child of children.flat()) {
        if (child === null || child === undefined || child === false) continue;
        element.append(child instanceof Node ? child : String(child));
    }
}

/** @param {Element} element @param {...(Child | Child[])} children */
export function fill(element, ...children) {
    element.replaceChildren();
    append(element, children);
}

/** @param {string} id @returns {HTMLElement} */
export function byId(id) {
    const element = document.getElementById(id);
    if (element === null) throw new Error(`the page has no #${id}`);
    return element;
}

/**
 * A table with a caption; the first cell of each row is its heading.
 * @param {string} caption
 * @param {Child[]} head
 * @param {Child[][]} rows
 * @param {{ numbers?: number[] }} [options] columns of numbers
 */
export function table(caption, head, rows, { numbers = [] } = {}) {
    const classes = (/** @type {number} */ index) => (numbers.includes(index) ? 'number' : undefined);
    const heading = (/** @type {Child} */ text, /** @type {number} */ index) =>
        el('th', { scope: 'col', class: classes(index) }, text);
    const row = (/** @type {Child[]} */ cells) =>
        el('tr', {}, cells.map((text, index) =>
            index === 0 ? el('th', { scope: 'row' }, text) : el('td', { class: classes(index) }, text)));
    return el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption },
        el('table', {},
            el('caption', { class: 'unseen' }, caption),
            el('thead', {}, el('tr', {}, head.map(heading))),
            el('tbody', {}, rows.map(row))));
}
