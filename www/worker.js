// A worker: one call of the wasm at a time, what comes of it told to the page. Or it does parts of the
// job of such a worker.

import { diff, expect, help, initSync, manifest, points, prove, recognise, show, useHelpers, verify } from 'tsdbproof';

const EVERY_MS = 100;
const CELLS = 6;
const NO_HOUR = 0xffff_ffff;

/** A file as the wasm takes it. @param {any} given @param {number} id */
const input = ({ name, file, folder, unread }, id) => {
    let [bytes, told] = [0, 0];
    return {
        id,
        name,
        folder,
        unread,
        size: file?.size,
        stream: (from) => file.slice(from).stream(),
        progress: (more) => {
            bytes += more;
            const now = performance.now();
            if (now - told < EVERY_MS && bytes < file.size) return;
            postMessage({ type: 'progress', id, bytes });
            [bytes, told] = [0, now];
        },
    };
};

/** What another worker does for this one. @param {MessagePort} port */
const helper = (port) => {
    const ask = (message) => new Promise((resolve, reject) => {
        port.onmessage = ({ data: { piece, error } }) => (error ? reject(Object.assign(new Error(), error)) : resolve(piece));
        port.postMessage(message);
    });
    return { help: (order, { id }) => ask({ id, order }), next: () => ask({}) };
};

/** Does parts of the job of another worker. @param {MessagePort} port @param {any} request */
const serve = (port, { base = [], current = [], options }) => {
    const files = [...base, ...current];
    let helping;
    port.onmessage = async ({ data: { id, order } }) => {
        try {
            if (order) {
                helping?.free();
                helping = await help(input({ ...files[id], folder: undefined }, id), options, order);
            }
            const piece = order ? undefined : helping.next();
            port.postMessage({ piece }, piece ? [piece.buffer] : []);
        } catch (error) {
            port.postMessage({ error: told(error) });
        }
    };
};

/** @param {any} error */
const told = (error) => ({ message: String(error.message ?? error), kind: error.kind, file: error.file });

/** Makes batches of the lines of a report: `findings.js` tells what is in them. */
const indexer = () => {
    const encoder = new TextEncoder();
    let [metric, tags] = [undefined, undefined];
    return (text) => {
        const bytes = encoder.encode(text);
        const isAscii = bytes.length === text.length;
        const [offsets, cells, series, metrics] = [[], [], [], []];
        let summary;
        let at = 0;
        for (const line of text.split('\n')) {
            const difference = line === '' ? {} : JSON.parse(line);
            if (difference.message_type === 'summary') summary = difference;
            if (difference.message_type === 'difference') {
                const named = JSON.stringify(difference.tags);
                const isMetric = metric !== difference.metric;
                if (isMetric) metrics.push([offsets.length, difference.metric]);
                if (isMetric || tags !== named) series.push(offsets.length);
                [metric, tags] = [difference.metric, named];
                offsets.push(at);
                const hour = (time) => Math.floor(Date.parse(time) / 3_600_000);
                const from = difference.from === null ? NO_HOUR : hour(difference.from);
                const hours = difference.from === null ? 0 : hour(difference.to) - from;
                const { missing, extra, changed, unresolved_nodes } = difference;
                cells.push(from, hours, missing, extra, changed, unresolved_nodes);
            }
            at += (isAscii ? line.length : encoder.encode(line).length) + 1;
        }
        const batch = {
            blob: new Blob([bytes]),
            offsets: Float64Array.from(offsets),
            cells: Uint32Array.from(cells),
            series,
            metrics,
        };
        postMessage({ type: 'batch', batch, summary }, [batch.offsets.buffer, batch.cells.buffer]);
    };
};

// What is sent to a closed port is freed at once; a garbage collector comes late.
const { port1: bin, port2: end } = new MessageChannel();
end.close();

const CALLS = {
    recognise: ([file]) => recognise(file),
    manifest: async (base, current, { options }, lines) => {
        // Blobs: a browser keeps them outside of the page's memory.
        const parts = [];
        const outcome = await manifest(current, options, lines, (bytes) => {
            parts.push(new Blob([bytes]));
            bin.postMessage(null, [bytes.buffer]);
        });
        return { ...outcome, manifest: new Blob(parts) };
    },
    verify: ([first], current, { options }, lines) => verify(first, current, options, lines),
    expect: (_, current, { options, root }, lines) => expect(root, current, options, lines),
    diff: (base, current, { options }, lines) => diff(base, current, options, lines),
    prove: (base, patches, { options }, lines) => prove(base, patches, options, lines),
    show: (_, current, { options }, lines) => show(current, options, lines),
    points: (base, current, { options, series }) => points(base, current, series, options),
};

onmessage = async ({ data }) => {
    if (data.module) return void initSync({ module: data.module });
    if (data.serve) return serve(data.serve, data);
    const { call, base = [], current = [], helpers = [] } = data;
    try {
        useHelpers(helpers.map(helper));
        const inputs = [...base, ...current].map(input);
        const [first, second] = [inputs.slice(0, base.length), inputs.slice(base.length)];
        const result = await CALLS[call](first, second, data, indexer());
        postMessage({ type: 'done', result });
    } catch (error) {
        postMessage({ type: 'failed', error: told(error) });
    }
};
