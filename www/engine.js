// @ts-check
// Workers, each with an instance of its own of the one compiled wasm. To cancel is to end a worker.

/** @typedef {import('../pkg/tsdbproof.js').Outcome} Outcome */
/** @typedef {import('../pkg/tsdbproof.js').Recognised} Recognised */
/** @typedef {import('../pkg/tsdbproof.js').JobOptions} JobOptions */
/**
 * A file that was given: `folder` is the one it came with, `unread` says why it can't be read.
 * @typedef {{ name: string, file: File, folder?: string, unread?: string, is?: Recognised }} Given
 */
/**
 * @typedef {object} Request
 * @property {'recognise' | 'manifest' | 'show' | 'verify' | 'expect' | 'diff' | 'prove' | 'points'} call
 * @property {Given[]} [base]
 * @property {Given[]} [current]
 * @property {JobOptions} [options]
 * @property {string} [root]
 * @property {import('../pkg/tsdbproof.js').SeriesName} [series]
 */
/**
 * Who hears what a job tells on its way; `id` is the index in base and then current.
 * @typedef {object} Hearer
 * @property {(id: number, bytes: number) => void} [progress] so many bytes more were read
 * @property {(batch: import('./findings.js').Batch, summary?: import('../pkg/tsdbproof.js').Report) => void} [batch]
 */

/** An error as the wasm threw it. */
export class JobError extends Error {
    /** @param {{ message: string, kind?: string, file?: string }} told */
    constructor({ message, kind, file }) {
        super(message);
        this.kind = kind;
        this.file = file;
    }
}

/** Bytes that are worth a worker. */
const WORKER_BYTES = 16 << 20;
/** Workers of a job at the most: each has memory of its own. */
const WORKERS = 8;
/** What each of them keeps in memory; the rest goes to blobs, which the browser keeps elsewhere. With less for 30,000 series much goes there. */
const MEMORY_BYTES = 64 << 20;

/** How many workers a job is worth. @param {Request} request */
function workersFor({ call, base = [], current = [] }) {
    if (call === 'recognise' || call === 'show') return 1;
    const bytes = [...base, ...current].reduce((sum, { file, unread }) => sum + (unread === undefined ? file.size : 0), 0);
    return Math.max(1, Math.min(navigator.hardwareConcurrency || 1, WORKERS, Math.ceil(bytes / WORKER_BYTES)));
}

export class Engine {
    /** @param {WebAssembly.Module} module @param {string} script address of the worker's script */
    constructor(module, script) {
        this.module = module;
        this.script = script;
    }

    /** @returns {Worker} */
    open() {
        const worker = new Worker(this.script);
        worker.postMessage({ module: this.module });
        return worker;
    }

    /**
     * Runs a job in a worker of its own, and such that help it.
     * @param {Request} request @param {Hearer} [hear]
     */
    start(request, hear = {}) {
        const workers = Array.from({ length: workersFor(request) }, () => this.open());
        const end = () => workers.forEach((worker) => worker.terminate());
        const result = new Promise((resolve, reject) => {
            for (const worker of workers) {
                worker.onmessage = ({ data }) => {
                    if (data.type === 'progress') hear.progress?.(data.id, data.bytes);
                    if (data.type === 'batch') hear.batch?.(data.batch, data.summary);
                    if (data.type === 'done') resolve(data.result);
                    if (data.type === 'failed') reject(new JobError(data.error));
                };
                worker.onerror = (event) => {
                    event.preventDefault();
                    reject(new JobError({ message: event.message, kind: 'bug' }));
                };
            }
        });
        const sent = plain({ ...request, options: { ...request.options, memory: MEMORY_BYTES } });
        const [first, ...others] = workers;
        const helpers = others.map((worker) => {
            const { port1, port2 } = new MessageChannel();
            worker.postMessage({ ...sent, serve: port1 }, [port1]);
            return port2;
        });
        first.postMessage({ ...sent, helpers }, helpers);
        return { result: result.finally(end), cancel: end };
    }

    /**
     * What files are by their first bytes, one after the other.
     * @param {Given[]} files @param {(file: Given) => void} hear
     */
    async recognise(files, hear) {
        const worker = this.open();
        for (const file of files.filter(({ unread }) => unread === undefined)) {
            /** @type {{ result?: Recognised, error?: { message: string } }} */
            const answer = await new Promise((resolve) => {
                worker.onmessage = ({ data }) => data.type !== 'progress' && resolve(data);
                worker.onerror = (event) => resolve({ error: { message: event.message } });
                worker.postMessage(plain({ call: 'recognise', base: [file] }));
            });
            file.is = answer.result;
            file.unread = answer.error?.message;
            hear(file);
        }
        worker.terminate();
    }
}

/** A request without what only the page needs. @param {Request} request */
function plain(request) {
    const strip = (/** @type {Given} */ { name, file, folder, unread }) => ({ name, file, folder, unread });
    return { ...request, base: request.base?.map(strip), current: request.current?.map(strip) };
}
