"""Runs every check with the Python SDK that is on the path.

The environment names the server: ANTHROPIC_BASE_URL and ANTHROPIC_API_KEY.
"""

import resources  # noqa: F401
import turns  # noqa: F401
import compaction  # noqa: F401
import files  # noqa: F401
import vaults  # noqa: F401
import oauth  # noqa: F401
import web  # noqa: F401
import skills  # noqa: F401
import memory  # noqa: F401
import mcp_tools  # noqa: F401
import failures  # noqa: F401
import aio  # noqa: F401
from checks import main

main()
