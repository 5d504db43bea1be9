"""Reports for pipelines, read by their consumers: junitparser, Microsoft's SARIF multitool, GitHub's
own Markdown (cmark-gfm) and a strict parser of HTML. Names in the data are as hostile as text can be.

usage: reports.py TSDBPROOF SARIF_MULTITOOL FOLDER
"""

import json
import pathlib
import subprocess
import sys

import cmarkgfm
import html5lib
import junitparser

DATA = "tests/data/opentsdb"
MAIN = f"{DATA}/main-import.txt"
RESTORED = f"{DATA}/restored/restored-import.txt"
HOSTILE = [
    ("<script>alert(1)</script>", {"a": "</code></details><img src=x onerror=y>", "b": "![i](http://evil/i)"}),
    ("`x`|*y*@team#1", {"href": "\"onclick='x'\"", "www.evil.com": "http://evil.com"}),
    ("\uffff\ufdd0&amp;]]>", {"t": "<!-- $x$ ~~y~~ &lt;"}),
]


def write(folder: pathlib.Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


def points(at: int) -> str:
    told = [{"metric": metric, "timestamp": at, "value": 1, "tags": tags} for metric, tags in HOSTILE]
    return json.dumps(told)


def scenarios(folder: pathlib.Path) -> list[list[str]]:
    hostile = write(folder, "<b>[base](x)|.json", points(1700000000))
    other = write(folder, "<i>current.json", points(1700003600))
    damaged = write(folder, "damaged.txt", "a 1700000000 1 h=x\nno line at all\n")
    manifest = str(folder / "main.arrow")
    subprocess.run([sys.argv[1], "manifest", MAIN, "-o", manifest, "--quiet"], check=True)
    return [
        ["diff", MAIN, RESTORED],
        ["diff", MAIN, f"{DATA}/main-raw.txt.gz"],
        ["diff", MAIN, MAIN],
        ["diff", MAIN, RESTORED, "--max-different-points", "516"],
        ["diff", MAIN, MAIN, "--metric", "none"],
        ["diff", hostile, other],
        ["diff", damaged, damaged],
        ["diff", MAIN, RESTORED, "--limit", "0", "--profile", "f32"],
        ["verify", manifest, MAIN],
        ["verify", manifest, RESTORED],
        ["check", RESTORED],
        ["check", hostile],
        ["show", damaged],
    ]


def junit(path: pathlib.Path, code: int) -> None:
    xml = junitparser.JUnitXml.fromfile(str(path))
    suites = list(xml)
    cases = [case for suite in suites for case in suite]
    bad = [case for case in cases if any(type(it).__name__ in ("Failure", "Error") for it in case.result)]
    assert len(suites) == 1 and cases, path
    assert (xml.tests, xml.failures + xml.errors) == (len(cases), len(bad)), path
    assert bool(bad) == (code != 0), f"{path}: {len(bad)} bad cases and exit code {code}"


def sarif(path: pathlib.Path, multitool: str, code: int) -> None:
    done = subprocess.run([multitool, "validate", str(path)], capture_output=True, text=True)
    errors = [line for line in done.stdout.splitlines() if ": error " in line]
    assert done.returncode == 0 and not errors, f"{path}: {done.stdout}{done.stderr}"
    results = json.loads(path.read_text())["runs"][0]["results"]
    is_bad = any(result["level"] in ("error", "warning") for result in results)
    assert is_bad == (code != 0), f"{path}: exit code {code}"


ALLOWED = {"h2", "h3", "p", "strong", "ul", "li", "code", "pre", "table", "thead", "tbody", "tr", "th", "td",
           "details", "summary", "html", "head", "body"}


def markdown(path: pathlib.Path) -> None:
    html = cmarkgfm.github_flavored_markdown_to_html(path.read_text(), options=cmarkgfm.cmark.Options.CMARK_OPT_UNSAFE)
    tree = html5lib.parse(html, namespaceHTMLElements=False)
    tags = {element.tag for element in tree.iter() if isinstance(element.tag, str)}
    assert tags <= ALLOWED, f"{path}: {tags - ALLOWED}"
    text = "".join(tree.itertext())
    # Two escapes are our own: of = within a tag's value, and of what is no character.
    assert "\\" not in text.replace("\\=", "").replace("\\u{", ""), f"{path}: an escape is shown"


def html(path: pathlib.Path) -> None:
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(path.read_text())
    elements = [element for element in tree.iter() if isinstance(element.tag, str)]
    tags = {element.tag for element in elements}
    assert not tags & {"script", "img", "a", "iframe", "object", "form", "link", "b", "i"}, f"{path}: {tags}"
    assert not [name for element in elements for name in element.attrib if name.startswith("on")], path


def main() -> None:
    _, binary, multitool, folder = sys.argv
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for index, scenario in enumerate(scenarios(folder)):
        kinds = {kind: folder / f"{index}.{kind}" for kind in ("junit", "sarif", "markdown", "html")}
        reports = [word for kind, path in kinds.items() for word in ("--report", f"{kind}={path}")]
        done = subprocess.run([binary, *scenario, "--quiet", *reports], capture_output=True, text=True)
        assert done.returncode in (0, 1, 3) and done.stdout == "", f"{scenario}: {done}"
        junit(kinds["junit"], done.returncode)
        sarif(kinds["sarif"], multitool, done.returncode)
        markdown(kinds["markdown"])
        html(kinds["html"])
        print(f"exit code {done.returncode}, four reports are sound: {' '.join(scenario)}")


main()
