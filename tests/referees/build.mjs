// Bundles driver.mjs with GitHub's packages into one file. The packages import JSON files without the import
// attribute that Node asks for, so they only run when bundled.
import { build } from "esbuild";

await build({
  entryPoints: ["driver.mjs"],
  outfile: "dist/driver.mjs",
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  // The YAML package is CommonJS and requires Node's own modules by name.
  banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  logLevel: "error",
});
