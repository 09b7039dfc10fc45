"""Takes the pictures of the audit's page in docs/images, from an audit of examples/, in Chromium.

    python docs/screenshots.py

Pictures depend on the machine's fonts, so no test compares them; take them again when the page changes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from generate import DAY, ROOT

sys.path.insert(0, str(ROOT))

from tests.audit.browser import Visit, browser, unavailable_reason

LOOK: dict[str, Any] = {"viewport": {"width": 1280, "height": 860}, "reduced_motion": "reduce"}


def main() -> int:
    reason = unavailable_reason()
    if reason is not None:
        print(reason, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder, browser() as running:
        report = Path(folder) / "audit-report"
        command = [sys.executable, "-m", "chittyops_policy", "audit", "--quiet", "--dir", "examples"]
        command += ["--store", f"{folder}/store.db", "--out", str(report)]
        done = subprocess.run(command, cwd=ROOT, env={**os.environ, "SOURCE_DATE_EPOCH": DAY})
        assert done.returncode in (0, 1), "the audit failed"
        overview = Visit(running, report / "report.html", **LOOK)
        overview.page.screenshot(path=ROOT / "docs/images/audit-report.png")
        overview.close()
        dark = Visit(running, report / "report.html", "#filter:rule=template-injection", color_scheme="dark", **LOOK)
        dark.page.locator("#finding-table button[aria-expanded]").first.click()
        dark.page.evaluate("document.getElementById('findings').scrollIntoView()")
        dark.page.screenshot(path=ROOT / "docs/images/audit-finding.png")
        dark.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
