// @ts-check
// A list of any length: only the rows in sight exist. Arrow keys, Page Up and Down, Home and End move in it.

import { el } from './dom.js';

/** Browsers lose their way in elements that are much higher than this. */
const MOST_HEIGHT = 8_000_000;
const ROW_HEIGHT = 44;

export class List {
    /**
     * @param {string} label
     * @param {number} count
     * @param {(index: number) => HTMLElement} row a button
     */
    constructor(label, count, row) {
        this.count = count;
        this.row = row;
        this.active = 0;
        /** @type {Map<number, HTMLElement>} */
        this.shown = new Map();
        this.height = Math.min(count * ROW_HEIGHT, MOST_HEIGHT);
        this.space = el('div', { class: 'space' });
        this.space.style.height = `${this.height}px`;
        this.element = el('div', { class: 'list', role: 'list', 'aria-label': label }, this.space);
        this.element.style.maxHeight = `${Math.min(count, 10) * ROW_HEIGHT + 2}px`;
        this.element.addEventListener('scroll', () => this.draw());
        this.element.addEventListener('keydown', (event) => this.#key(event));
        new ResizeObserver(() => this.draw()).observe(this.element);
    }

    get rowsInSight() {
        return Math.max(1, Math.floor(this.element.clientHeight / ROW_HEIGHT));
    }

    /** The first row in sight: where the list is higher than browsers can, the way is scaled. */
    get first() {
        const way = this.height - this.element.clientHeight;
        const rows = this.count - this.element.clientHeight / ROW_HEIGHT;
        return way <= 0 ? 0 : (this.element.scrollTop / way) * rows;
    }

    draw() {
        const top = this.element.scrollTop;
        const first = this.first;
        const [from, to] = [Math.max(0, Math.floor(first) - 2), Math.min(this.count, Math.ceil(first) + this.rowsInSight + 3)];
        for (const [index, row] of this.shown) {
            if (index >= from && index < to) continue;
            // What has the focus stays, or the keyboard would lose its place.
            if (row.contains(document.activeElement)) continue;
            row.remove();
            this.shown.delete(index);
        }
        for (let index = from; index < to; index++) this.#place(index, top + (index - first) * ROW_HEIGHT);
    }

    /** @param {number} index @param {number} y */
    #place(index, y) {
        let item = this.shown.get(index);
        if (item === undefined) {
            const button = this.row(index);
            button.tabIndex = index === this.active ? 0 : -1;
            button.addEventListener('focus', () => this.#activate(index));
            item = el('div', { class: 'item', role: 'listitem', 'aria-posinset': index + 1, 'aria-setsize': this.count }, button);
            this.shown.set(index, item);
            this.space.append(item);
        }
        item.style.transform = `translateY(${y}px)`;
    }

    /** @param {number} index */
    #activate(index) {
        const before = this.shown.get(this.active)?.querySelector('button');
        if (before) before.tabIndex = -1;
        this.active = index;
        const now = this.shown.get(index)?.querySelector('button');
        if (now) now.tabIndex = 0;
    }

    /** @param {KeyboardEvent} event */
    #key(event) {
        const page = this.rowsInSight;
        const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -this.count, End: this.count };
        const step = steps[/** @type {keyof typeof steps} */ (event.key)];
        if (step === undefined) return;
        event.preventDefault();
        this.focus(Math.max(0, Math.min(this.count - 1, this.active + step)));
    }

    /** @param {number} index */
    focus(index) {
        const first = this.first;
        const last = first + this.element.clientHeight / ROW_HEIGHT - 1;
        if (index < first || index > last) {
            const target = index < first ? index : index - (last - first);
            const way = this.height - this.element.clientHeight;
            const rows = this.count - this.element.clientHeight / ROW_HEIGHT;
            this.element.scrollTop = rows <= 0 ? 0 : (target / rows) * way;
            this.draw();
        }
        this.#activate(index);
        this.shown.get(index)?.querySelector('button')?.focus({ preventScroll: true });
    }
}
