"""Makes every test see the same world: the tools of this environment, no CI variables, a cache of its own."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import sysconfig
import tempfile

# `.venv/bin/python -m pytest` does not put act, pre-commit, node and the others on the path by itself.
os.environ["PATH"] = os.pathsep.join((sysconfig.get_path("scripts"), os.environ.get("PATH", "")))

# Git hooks and CI runners set variables that change what git and the check take for their repository.
for _name in [name for name in os.environ if re.match("GITHUB_|GIT_(?!SSL_)", name)]:
    del os.environ[_name]
for _name in ("FORCE_COLOR", "NO_COLOR", "PYTHONPATH", "SOURCE_DATE_EPOCH"):
    os.environ.pop(_name, None)

_cache = tempfile.mkdtemp(prefix="chittyops-policy-tests-")
atexit.register(shutil.rmtree, _cache, ignore_errors=True)
os.environ["CHITTYOPS_POLICY_CACHE"] = _cache
