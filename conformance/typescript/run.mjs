// Runs every check with the TypeScript SDK that is installed beside this copy.
//
// The environment names the server: ANTHROPIC_BASE_URL and ANTHROPIC_API_KEY.

import './resources.mjs';
import './turns.mjs';
import './compaction.mjs';
import './files.mjs';
import './vaults.mjs';
import './oauth.mjs';
import './web.mjs';
import './skills.mjs';
import './memory.mjs';
import './mcp.mjs';
import './failures.mjs';
import { main } from './checks.mjs';

await main();
