// The page in Chromium: the step `page` of `cargo xtask test` builds what it needs, and runs this with the paths
// of the command and of one with the page inside. Every case uses the real file inputs; any request
// that a page makes fails its case. A third word runs only the cases whose names hold it.

import { SHOTS } from './browser.mjs';
import { cases, strike } from './stage.mjs';

import './cases/answers.mjs';
import './cases/files.mjs';
import './cases/patches.mjs';
import './cases/work.mjs';
import './cases/trust.mjs';
import './cases/people.mjs';
import './cases/told.mjs';

let failed = 0;
const only = process.argv[4];
const wanted = cases.filter(([name]) => only === undefined || name.includes(only));
for (const [name, run] of wanted) {
    const began = performance.now();
    const seconds = () => ((performance.now() - began) / 1000).toFixed(1);
    try {
        await run();
        console.log(`ok      ${name} (${seconds()} s)`);
    } catch (error) {
        failed += 1;
        console.log(`FAILED  ${name} (${seconds()} s)\n${error.stack ?? error}`);
    }
}
await strike();
console.log(`${wanted.length - failed} passed, ${failed} failed; screenshots are in ${SHOTS}`);
process.exitCode = failed > 0 || wanted.length === 0 ? 1 : 0;
