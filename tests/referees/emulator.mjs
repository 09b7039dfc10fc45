// Starts the emulator of GitHub's REST API with a door into its memory, which its own API does not have.
//
//   node emulator.mjs SEED.json PORT BASE_URL     listens on 127.0.0.1
//
//   GET  /_world/repositories                every repository with its references
//   GET  /_world/repositories/OWNER/NAME     one, its name in any case
//   GET  /_world/objects/REPOSITORY_ID/SHA   a blob (base64), tree or commit
//   PATCH /_world/repositories               {"owner/name": {column: value}} where the API has no way to say it
//
// Two things of the emulator are mended here, because pull requests cannot be followed otherwise: it keeps branches
// twice and moves only one of them in a merge, and a pull request does not see that its branch moved or went.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { createEmulator } from "emulate";

const folder = dirname(fileURLToPath(import.meta.resolve("emulate")));

// The plugin is not among the package's exports, and the name of its file has a digest in it.
async function githubPlugin() {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (name.endsWith(".js") && readFileSync(path, "utf8").includes("getGitHubStore,")) {
      return import(pathToFileURL(path).href);
    }
  }
  throw new Error("this release of emulate has no GitHub plugin");
}

const { githubPlugin: plugin, getGitHubStore } = await githubPlugin();
const register = plugin.register;

plugin.register = (app, store, ...rest) => {
  const github = getGitHubStore(store);
  keepBranchesInStep(github);
  app.get("/_world/repositories", c => c.json(github.repos.all().map(row => describe(github, row))));
  app.get("/_world/repositories/:owner/:name", c => {
    const wanted = `${c.req.param("owner")}/${c.req.param("name")}`;
    const exact = github.repos.findOneBy("full_name", wanted);
    const found = exact ?? github.repos.all().find(row => row.full_name.toLowerCase() === wanted.toLowerCase());
    return found ? c.json(describe(github, found)) : c.json({ message: "Not Found" }, 404);
  });
  app.get("/_world/objects/:id/:sha", c => {
    const found = gitObject(github, Number(c.req.param("id")), c.req.param("sha"));
    return found ? c.json(found) : c.json({ message: "Not Found" }, 404);
  });
  app.patch("/_world/repositories", async c => {
    for (const [name, columns] of Object.entries(await c.req.json())) {
      const row = github.repos.findOneBy("full_name", name);
      const parent = columns.parent && github.repos.findOneBy("full_name", columns.parent);
      const { parent: _, ...plain } = columns;
      github.repos.update(row.id, { ...plain, ...(parent ? { forked_from_id: parent.id, fork: true } : {}) });
    }
    return c.body(null, 204);
  });
  register(app, store, ...rest);
};

function describe(github, row) {
  const owner = (row.owner_type === "User" ? github.users : github.orgs).get(row.owner_id);
  const references = github.refs.findBy("repo_id", row.id).map(found => [found.ref, found.sha]);
  const parent = row.forked_from_id && github.repos.get(row.forked_from_id)?.full_name;
  return { ...row, owner, parent: parent ?? null, references: Object.fromEntries(references) };
}

function gitObject(github, id, sha) {
  const of = rows => rows.findBy("repo_id", id).find(row => row.sha === sha);
  const blob = of(github.blobs);
  if (blob) {
    const encoded = blob.encoding === "base64" ? blob.content : Buffer.from(blob.content, "utf8").toString("base64");
    return { type: "blob", size: blob.size, content: encoded };
  }
  const tree = of(github.trees);
  if (tree) return { type: "tree", entries: tree.tree };
  const commit = of(github.commits);
  return commit ? { type: "commit", ...commit } : undefined;
}

function keepBranchesInStep(github) {
  const follow = (repository, name, sha) => {
    for (const pull of github.pullRequests.all()) {
      if (pull.state !== "open") continue;
      if (pull.head_repo_id === repository && pull.head_ref === name && pull.head_sha !== sha) {
        github.pullRequests.update(pull.id, { head_sha: sha });
      }
      if (pull.base_repo_id === repository && pull.base_ref === name && pull.base_sha !== sha) {
        github.pullRequests.update(pull.id, { base_sha: sha });
      }
    }
  };
  const close = (repository, name) => {
    const closed = { state: "closed", closed_at: new Date().toISOString() };
    for (const pull of github.pullRequests.all()) {
      if (pull.state !== "open" || pull.head_repo_id !== repository || pull.head_ref !== name) continue;
      github.pullRequests.update(pull.id, closed);
      const issue = github.issues.findBy("repo_id", pull.repo_id).find(row => row.number === pull.number);
      if (issue) github.issues.update(issue.id, closed);
    }
  };
  const reference = (repository, name) =>
    github.refs.findBy("repo_id", repository).find(row => row.ref === `refs/heads/${name}`);
  for (const method of ["insert", "update"]) {
    const original = github.branches[method].bind(github.branches);
    github.branches[method] = (...given) => {
      const row = original(...given);
      if (row) {
        const known = reference(row.repo_id, row.name);
        if (known && known.sha !== row.sha) github.refs.update(known.id, { sha: row.sha });
        follow(row.repo_id, row.name, row.sha);
      }
      return row;
    };
  }
  const remove = github.branches.delete.bind(github.branches);
  github.branches.delete = id => {
    const row = github.branches.get(id);
    const known = row && reference(row.repo_id, row.name);
    if (known) github.refs.delete(known.id);
    if (row) close(row.repo_id, row.name);
    return remove(id);
  };
}

const [seed, port, baseUrl] = process.argv.slice(2);
await createEmulator({
  service: "github",
  port: Number(port),
  hostname: "127.0.0.1",
  baseUrl,
  seed: JSON.parse(readFileSync(seed, "utf8")),
});
