"""The recipes of docs/recipes and ci, as they stand there: their shell runs, their files are read by what
they are for.

usage: recipes.py TSDBPROOF FOLDER
"""

import fcntl
import os
import pathlib
import shutil
import subprocess
import sys

import junitparser
import yaml
from prometheus_client.parser import text_string_to_metric_families

BINARY, FOLDER = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
MAIN = "tests/data/opentsdb/main-import.txt"
RESTORED = "tests/data/opentsdb/restored/restored-import.txt"
DIFFERENTIAL = "docs/recipes/differential"
MIGRATION = "docs/recipes/migration/migration.sh"
NIGHTLY = "docs/recipes/nightly/verify-restore.sh"
ACTION = pathlib.Path("ci/github-action/action.yml")
GITLAB = pathlib.Path("ci/gitlab.yml")


def run(command: list[str], code: int, **variables: str) -> subprocess.CompletedProcess:
    environment = {"PATH": os.environ["PATH"], "TSDBPROOF": str(BINARY), **variables}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == code, f"{command} with {variables}: {done}"
    return done


def metrics(path: pathlib.Path) -> dict[str, list]:
    families = text_string_to_metric_families(path.read_text())
    return {family.name: family.samples for family in families}


def nightly(manifest: str) -> None:
    state, texts = FOLDER / "state", FOLDER / "textfiles"
    texts.mkdir()
    variables = {"STATE": str(state), "TEXTFILES": str(texts), "KEEP": "2"}
    prom = texts / "tsdbproof-main.prom"
    for source, code in [(MAIN, 0), (RESTORED, 1), ("no/such/file", 2)]:
        done = run([NIGHTLY, manifest, source], code, **variables)
        assert f"exit code {code}" in done.stdout
        found = metrics(prom)
        assert [it.value for it in found["tsdbproof_exit_code"]] == [code]
        assert ("tsdbproof_points" in found) == (code != 2)
        if code == 1:
            different = {it.labels["kind"]: it.value for it in found["tsdbproof_different_points"]}
            assert different == {"missing": 480, "extra": 0, "changed": 0}, different
        subprocess.run(["sleep", "1.1"], check=True)
    assert len(list((state / "log").glob("*.txt"))) == 2, "old logs go"
    with open(state / "main.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        run([NIGHTLY, manifest, MAIN], 75, **variables)
    print("nightly: metrics of a sound, a damaged and a failed night, one at a time, old logs go")


def week(lines: list[str]) -> list[list[str]]:
    """The points of seven days: some more, some gone, some changed; one day nothing, one day what the day before had."""
    days = [lines]
    days.append(lines + [f"week.new {1700000000 + n} {n} host=a\n" for n in range(100)])
    days.append([line for n, line in enumerate(days[-1]) if n % 50])
    days.append(days[-1])
    days.append([line.replace(" 0.5 ", " 0.25 ") if " 0.5 " in line else line for line in days[-1]])
    days.append(days[-1][:-10] + ["week.late 1600000000 7 host=b\n"])
    days.append(days[-1] + ["week.new 1800000000 1.5 host=a\n"])
    return days


def differential() -> None:
    """A week of backups, restored to each of its days; a run that was killed leaves nothing in the way."""
    folder, source, out = FOLDER / "week", FOLDER / "source.txt", FOLDER / "day.txt"
    days = week(pathlib.Path(MAIN).read_text().splitlines(keepends=True))
    assert len({"".join(day) for day in days}) == 6
    for number, lines in enumerate(days, 1):
        source.write_text("".join(lines))
        if number == 4:
            half = folder / ".new"
            half.mkdir()
            (half / "patch").write_text("half a patch")
        run([f"{DIFFERENTIAL}/backup.sh", str(source), str(folder)], 0, DAY=f"2026-03-0{number}")
    run([f"{DIFFERENTIAL}/backup.sh", str(source), str(folder)], 2, DAY="2026-03-07")
    source.write_text("no points\n")
    run([f"{DIFFERENTIAL}/backup.sh", str(source), str(folder)], 1, DAY="2026-03-08")
    with open(folder / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        run([f"{DIFFERENTIAL}/backup.sh", str(source), str(folder)], 75, DAY="2026-03-08")
    kept = sorted(str(path.relative_to(folder)) for path in folder.glob("2026*/*"))
    expected = [f"2026-03-0{n}/manifest" for n in range(1, 8)] + [f"2026-03-0{n}/patch" for n in (2, 3, 5, 6, 7)]
    assert kept == sorted([*expected, "2026-03-01/full.txt.zst"]), kept
    for number, lines in enumerate(days, 1):
        run([f"{DIFFERENTIAL}/restore.sh", str(folder), f"2026-03-0{number}", str(out)], 0)
        source.write_text("".join(lines))
        run([str(BINARY), "diff", str(source), str(out), "--quiet"], 0)
    patch = folder / "2026-03-03/patch"
    patch.write_bytes(patch.read_bytes()[:-1])
    run([f"{DIFFERENTIAL}/restore.sh", str(folder), "2026-03-03", str(out)], 2)
    run([f"{DIFFERENTIAL}/restore.sh", str(folder), "2026-03-09", str(out)], 2)
    print("differential: a week of daily backups, restored to each of its days")


def migration() -> None:
    """The servers are files here; real ones are asked so in the lab."""
    folder = FOLDER / "migration"
    run([MIGRATION, "before", MAIN], 0, FOLDER=str(folder), SETTLE="1h")
    run([MIGRATION, "after", MAIN], 0, FOLDER=str(folder))
    done = run([MIGRATION, "after", RESTORED], 1, FOLDER=str(folder), FLAGS="--limit=1\n\n--profile=f32")
    assert "missing" in done.stdout and "in 0 metrics" not in done.stdout, done
    assert {path.name for path in folder.iterdir()} == {"old.manifest", "old.jsonl", "new.jsonl", "new.html"}
    run([MIGRATION, "between", MAIN], 2, FOLDER=str(folder))
    print("migration: before, after, and a new server that lacks points")


def pipelines(manifest: str) -> None:
    script = GITLAB.parent.joinpath("verify.sh")
    for base, current, flags, code in [
        (manifest, MAIN, "", 0),
        (manifest, RESTORED, "", 1),
        (MAIN, RESTORED, "--max-different-points=516\n", 0),
        (MAIN, RESTORED, "--max-different-points=515\n\n--limit=1\n", 1),
        (MAIN, "no/such/file", "", 2),
    ]:
        reports = FOLDER / "reports"
        shutil.rmtree(reports, ignore_errors=True)
        run([str(script)], code, BASE=base, CURRENT=current, FLAGS=flags, REPORTS=str(reports))
        if code != 2:
            xml = junitparser.JUnitXml.fromfile(str(reports / "junit.xml"))
            assert (xml.failures + xml.errors > 0) == (code == 1)
            names = {path.name for path in reports.iterdir()}
            assert names == {"junit.xml", "sarif.json", "summary.md", "report.html", "report.jsonl"}
    print("ci/verify.sh: five ends, with the exit codes of the command")


def github(manifest: str) -> None:
    """The shell of the action, with what GitHub sets."""
    action = yaml.safe_load(ACTION.read_text())
    build, verify = action["runs"]["steps"]
    assert build["if"] == "inputs.command == ''"
    given = {"base": manifest, "current": f"{RESTORED}\n", "flags": "--limit=1\n", "reports": str(FOLDER / "github"),
             "command": str(BINARY)}
    defaults = {name: spec.get("default", "") for name, spec in action["inputs"].items()}
    environment = {}
    for name, value in verify["env"].items():
        key = value.removeprefix("${{ inputs.").removesuffix(" }}")
        environment[name] = {**defaults, **given}[key]
    summary, output = FOLDER / "summary.md", FOLDER / "output"
    run(["bash", "-euo", "pipefail", "-c", verify["run"]], 1, **environment,
        GITHUB_ACTION_PATH=str(ACTION.parent.resolve()), RUNNER_TEMP=str(FOLDER),
        GITHUB_STEP_SUMMARY=str(summary), GITHUB_OUTPUT=str(output))
    assert "tsdbproof verify: different" in summary.read_text()
    assert output.read_text().splitlines()[0] == "exit-code=1"
    print("the action of GitHub: its shell runs, its summary and its outputs are there")


def gitlab(manifest: str) -> None:
    job = yaml.safe_load(GITLAB.read_text())[".tsdbproof-verify"]
    variables = {**job["variables"], "TSDBPROOF_HOME": ".", "REPORTS": str(FOLDER / "gitlab"), "BASE": manifest,
                 "CURRENT": MAIN}
    for line in job["script"]:
        run(["bash", "-euo", "pipefail", "-c", line], 0, **variables)
    report = job["artifacts"]["reports"]["junit"].replace("$REPORTS", variables["REPORTS"])
    assert junitparser.JUnitXml.fromfile(report).failures == 0
    print("the template of GitLab: its script runs, its report is where it says")


def schemas() -> None:
    check = [str(pathlib.Path(sys.executable).parent / "check-jsonschema"), "--builtin-schema"]
    subprocess.run([*check, "vendor.github-actions", str(ACTION)], check=True)
    subprocess.run([*check, "vendor.gitlab-ci", str(GITLAB)], check=True)
    if shutil.which("systemd-analyze"):
        units = sorted(map(str, pathlib.Path("docs/recipes/nightly").glob("tsdbproof-verify.*")))
        done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True)
        # The command that the service starts is not installed here.
        faults = [line for line in done.stderr.splitlines() if "tsdbproof" in line and "is not executable" not in line]
        assert not faults, faults


def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    manifest = str(FOLDER / "main.manifest")
    run([str(BINARY), "manifest", MAIN, "-o", manifest, "--quiet"], 0)
    schemas()
    nightly(manifest)
    differential()
    migration()
    pipelines(manifest)
    github(manifest)
    gitlab(manifest)


main()
