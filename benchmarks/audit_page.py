"""How large the page of a large audit is, and how long a browser needs for it.

    python benchmarks/audit_page.py [--repositories N] [--findings N] [--rounds N]

Prints the size of the page, the time to make it, and of each browser figure the median and the worst of the rounds:
the first paint, the time until the tables are filled, and the time from a word in the search field to its rows.
Needs Chromium and the test requirements.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from chittyops_policy.audit import html_report  # noqa: E402
from tests.audit.audits import large  # noqa: E402
from tests.audit.browser import Visit, browser, unavailable_reason  # noqa: E402

PAINT = "performance.getEntriesByName('first-contentful-paint').map(entry => entry.startTime)[0]"
LOADED = "performance.getEntriesByType('navigation')[0].loadEventEnd"
SEARCH = """word => new Promise(done => {
    const began = performance.now();
    const field = document.getElementById('filter-q');
    new MutationObserver(() => requestAnimationFrame(() => done(performance.now() - began)))
        .observe(document.getElementById('count'), {childList: true, characterData: true, subtree: true});
    field.value = word;
    field.dispatchEvent(new Event('input'));
})"""


def main() -> int:
    parser = argparse.ArgumentParser(description="Measures the page of a large audit.")
    parser.add_argument("--repositories", type=int, default=1000)
    parser.add_argument("--findings", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    reason = unavailable_reason()
    if reason is not None:
        print(reason, file=sys.stderr)
        return 2
    audit = large(given.repositories, given.findings)
    began = time.perf_counter()
    text = html_report.render(audit)
    print(f"{given.repositories} repositories, {given.findings} findings")
    print(f"page: {len(text.encode()) / 1e6:.1f} MB, made in {time.perf_counter() - began:.1f} s")
    figures: dict[str, list[float]] = {"first paint": [], "tables filled": [], "search": []}
    with tempfile.TemporaryDirectory() as folder, browser() as running:
        path = Path(folder) / "report.html"
        path.write_text(text, encoding="utf-8")
        for _ in range(given.rounds):
            visit = Visit(running, path)
            visit.page.wait_for_function(f"{PAINT} > 0 && {LOADED} > 0")
            figures["first paint"].append(visit.page.evaluate(PAINT))
            figures["tables filled"].append(visit.page.evaluate(LOADED))
            figures["search"].append(visit.page.evaluate(SEARCH, "token_17"))
            visit.close()
    for name, times in figures.items():
        print(f"{name}: {median(times):.0f} ms (worst of {len(times)}: {max(times):.0f} ms)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
