"use strict";
// Shows the repositories and findings of the data in this page: filters, sorts, pages, opens. Text becomes text nodes
// and never markup, whatever it holds.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { texts, rules, controls, repositories, severities, states, outcomes, words, signs } = data;
  const columns = data.findings;
  const total = columns.rule.length;
  const PAGE = 50;
  const PRINTED = 1000;
  const FAIL = outcomes.indexOf("fail");
  const UNKNOWN = outcomes.indexOf("unknown");
  const OPEN = states.indexOf("open");
  const byId = (id) => document.getElementById(id);
  const capital = (word) => word.charAt(0).toUpperCase() + word.slice(1);
  const plain = (word) => word.replaceAll("-", " ");
  const plural = (count, one, many) => `${count.toLocaleString("en")} ${count === 1 ? one : many}`;

  /** An element with attributes and children; a string child becomes a text node. */
  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (key === "on") for (const [event, action] of Object.entries(value)) made.addEventListener(event, action);
      else if (value === true) made.setAttribute(key, "");
      else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
    }
    made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
    return made;
  }
  const bdi = (text) => element("bdi", null, text);
  const mark = (kind, text) => element("span", { class: `mark ${kind}` }, text);

  // ------------------------------------------------------------------------------------------------- what is there

  repositories.forEach((repository, index) => {
    repository.index = index;
    repository.open = severities.map(() => 0);
    repository.found = 0;
    repository.failing = repository.verdicts.filter((verdict) => verdict && verdict[0] === FAIL).length;
  });
  for (let at = 0; at < total; at += 1) {
    const repository = repositories[columns.repository[at]];
    repository.found += 1;
    if (columns.state[at] === OPEN) repository.open[columns.severity[at]] += 1;
  }
  const lower = [];
  /** A text in lower case, made once. */
  const folded = (number) => (lower[number] ??= texts[number].toLowerCase());
  const sorted = (values) => [...new Set(values)].sort((one, other) => one.localeCompare(other, "en"));
  const gravest = [...severities.keys()].reverse();

  // ------------------------------------------------------------------------------------------------------- filters

  const choice = (values, name) => [["", `All ${name}`], ...values.map((value) => [value, value])];
  const FIELDS = [
    { id: "q", label: "Search", wide: true, hint: "message, rule, file or repository" },
    { id: "org", label: "Organisation", options: choice(sorted(repositories.map((each) => texts[each.owner])).filter(Boolean), "organisations") },
    { id: "repo", label: "Repository", list: repositories.map((each) => each.slug), hint: "all repositories" },
    { id: "visibility", label: "Visibility", options: choice(sorted(repositories.map((each) => texts[each.visibility])).filter(Boolean), "visibilities") },
    { id: "project", label: "Project type", options: choice(sorted(repositories.flatMap((each) => each.projects.map((number) => texts[number]))), "project types") },
    { id: "control", label: "Control", options: [["", "All controls"], ...controls.map((control) => [control.id, texts[control.title]])] },
    { id: "outcome", label: "Standing", options: [["", "Any standing"], ...outcomes.map((outcome, index) => [outcome, capital(words[index])])] },
    { id: "rule", label: "Rule", options: choice(sorted([...new Set(columns.rule)].map((number) => rules[number].id)), "rules") },
    { id: "severity", label: "Severity", options: [["", "All severities"], ...gravest.map((rank) => [severities[rank], rank === severities.length - 1 ? capital(severities[rank]) : `${capital(severities[rank])} and graver`])] },
    { id: "state", label: "State", initial: "open", options: [["open", "Open"], ["", "All states"], ...states.filter((state) => state !== "open").map((state) => [state, capital(plain(state))])] },
  ];
  const chosen = {};
  const form = byId("filters");
  form.className = "filters";
  for (const field of FIELDS) {
    let input;
    if (field.options) {
      input = element("select", { id: `filter-${field.id}` }, field.options.map(([value, label]) => element("option", { value }, label)));
    } else {
      input = element("input", { id: `filter-${field.id}`, type: "search", placeholder: field.hint, autocomplete: "off", spellcheck: "false", list: field.list ? "names" : null });
    }
    input.addEventListener(field.options ? "change" : "input", () => {
      chosen[field.id] = input.value;
      changed();
    });
    field.input = input;
    form.append(element("label", { class: field.wide ? "wide" : null }, field.label, input));
    if (field.list && field.list.length <= 2000) form.append(element("datalist", { id: "names" }, field.list.map((value) => element("option", { value }))));
  }
  form.addEventListener("submit", (event) => event.preventDefault());

  function reset() {
    for (const field of FIELDS) chosen[field.id] = field.initial || "";
  }

  /** Takes the filters of the address, such as `#filter:severity=high&org=o`. Whether there were any. */
  function fromAddress() {
    const text = location.hash;
    if (!text.startsWith("#filter:")) return false;
    reset();
    for (const [key, value] of new URLSearchParams(text.slice(8))) {
      const field = FIELDS.find((each) => each.id === key);
      if (field && (!field.options || field.options.some(([option]) => option === value))) chosen[key] = value;
    }
    return true;
  }

  function toAddress() {
    const set = FIELDS.filter((field) => chosen[field.id] !== (field.initial || ""));
    const query = new URLSearchParams(set.map((field) => [field.id, chosen[field.id]])).toString();
    try {
      history.replaceState(null, "", query ? `#filter:${query}` : location.hash.startsWith("#filter:") ? "#explore" : location.hash || "#");
    } catch {
      // A page in a frame without an address of its own cannot keep them.
    }
  }

  /** What the filters let through: the repositories and the places of the findings. */
  function filtered() {
    const control = controls.findIndex((each) => each.id === chosen.control);
    const outcome = outcomes.indexOf(chosen.outcome);
    const ofControl = control < 0 ? null : new Set(controls[control].rules);
    const rule = chosen.rule ? rules.findIndex((each) => each.id === chosen.rule) : -1;
    const least = chosen.severity ? severities.indexOf(chosen.severity) : 0;
    const state = chosen.state ? states.indexOf(chosen.state) : -1;
    const words_ = chosen.q.toLowerCase().split(/\s+/).filter(Boolean);
    const name = chosen.repo.trim().toLowerCase();
    const exact = repositories.some((each) => each.slug.toLowerCase() === name);

    const possible = repositories.map((each) => {
      if (chosen.org && texts[each.owner] !== chosen.org) return false;
      if (chosen.visibility && texts[each.visibility] !== chosen.visibility) return false;
      if (chosen.project && !each.projects.some((number) => texts[number] === chosen.project)) return false;
      if (name && (exact ? each.slug.toLowerCase() !== name : !each.slug.toLowerCase().includes(name))) return false;
      if (outcome >= 0) {
        const verdicts = control < 0 ? each.verdicts : [each.verdicts[control]];
        if (!verdicts.some((verdict) => verdict && verdict[0] === outcome)) return false;
      }
      return true;
    });
    const named = words_.length ? repositories.map((each) => each.slug.toLowerCase()) : null;
    const found = [];
    const hit = new Set();
    for (let at = 0; at < total; at += 1) {
      const repository = columns.repository[at];
      if (!possible[repository]) continue;
      if (state >= 0 && columns.state[at] !== state) continue;
      if (columns.severity[at] < least) continue;
      if (rule >= 0 && columns.rule[at] !== rule) continue;
      if (ofControl && !ofControl.has(columns.rule[at])) continue;
      if (named && !words_.every((word) =>
        named[repository].includes(word) || rules[columns.rule[at]].id.includes(word) ||
        folded(columns.message[at]).includes(word) || folded(columns.path[at]).includes(word) ||
        folded(columns.source[at]).includes(word))) continue;
      found.push(at);
      hit.add(repository);
    }
    // A repository without a finding of the kind that is asked for is not what is looked for.
    const asked = least > 0 || rule >= 0 || (state >= 0 && state !== OPEN);
    const shown = repositories.filter((each) => {
      if (!possible[each.index]) return false;
      if (hit.has(each.index)) return true;
      if (asked) return false;
      return !named || words_.every((word) => named[each.index].includes(word));
    });
    return { found, shown };
  }

  // -------------------------------------------------------------------------------------------------------- tables

  /**
   * A table that shows a page of rows at a time, sorts by its columns, and opens a row.
   *
   * heads: {key, label, class, sort: (row) => number or text, down, scope}; cells: (row, opener) => the cells of a row;
   * detail: (row) => the content under an open row
   */
  function paged(table, pager, caption, heads, cells, detail, ties) {
    const self = { rows: [], page: 0, by: null, down: false, size: PAGE };
    const body = element("tbody");
    const head = element("tr", null, heads.map((column) => {
      const th = element("th", { scope: "col", class: column.class || null });
      if (column.sort) {
        th.append(element("button", { type: "button", class: "plain", on: { click: () => {
          self.down = self.by === column ? !self.down : Boolean(column.down);
          self.by = column;
          self.order();
          self.show(0);
        } } }, column.label));
      } else th.append(column.label);
      column.th = th;
      return th;
    }));
    table.append(element("caption", { class: "sr" }, caption), element("thead", null, head), body);
    const where = element("p", { role: "status" });
    const back = element("button", { type: "button", on: { click: () => self.show(self.page - 1) } }, "Previous");
    const on = element("button", { type: "button", on: { click: () => self.show(self.page + 1) } }, "Next");
    back.setAttribute("aria-label", `Previous page: ${caption}`);
    on.setAttribute("aria-label", `Next page: ${caption}`);
    pager.append(back, on, where);

    self.order = () => {
      for (const column of heads) {
        if (!column.sort) continue;
        column.th.setAttribute("aria-sort", self.by !== column ? "none" : self.down ? "descending" : "ascending");
      }
      const value = self.by && self.by.sort;
      const turn = self.down ? -1 : 1;
      self.rows.sort((one, other) => {
        if (value) {
          const left = value(one);
          const right = value(other);
          const order = typeof left === "number" ? left - right : left < right ? -1 : left > right ? 1 : 0;
          if (order) return turn * order;
        }
        return ties(one, other);
      });
    };
    self.show = (page) => {
      const pages = Math.max(Math.ceil(self.rows.length / self.size), 1);
      self.page = Math.min(Math.max(page, 0), pages - 1);
      const first = self.page * self.size;
      const part = self.rows.slice(first, first + self.size);
      body.replaceChildren(...part.map((row, index) => {
        const id = `${table.id}-${index}`;
        const opener = (label) => element("button", { type: "button", class: "plain", "aria-expanded": "false", "aria-controls": id, on: { click: (event) => {
          const button = event.currentTarget;
          const line = button.closest("tr");
          if (button.getAttribute("aria-expanded") === "true") {
            line.nextElementSibling.remove();
            button.setAttribute("aria-expanded", "false");
          } else {
            line.after(element("tr", { class: "detail", id }, element("td", { colspan: heads.length }, element("div", null, detail(row)))));
            button.setAttribute("aria-expanded", "true");
          }
        } } }, label);
        return element("tr", null, cells(row, opener));
      }));
      if (!part.length) body.append(element("tr", null, element("td", { colspan: heads.length, class: "empty" }, "Nothing matches these filters.")));
      back.disabled = self.page === 0;
      on.disabled = self.page >= pages - 1;
      pager.hidden = pages === 1;
      where.textContent = part.length ? `${first + 1}–${first + part.length} of ${self.rows.length.toLocaleString("en")}` : "";
    };
    self.fill = (rows) => {
      self.rows = rows;
      self.order();
      self.show(0);
    };
    return self;
  }

  const facts = (pairs) => element("dl", null, pairs.filter(([, value]) => value).flatMap(([term, value]) => [
    element("dt", null, term),
    element("dd", null, value),
  ]));
  const link = (address, text) => (address ? element("a", { href: address, rel: "noreferrer" }, text) : bdi(text));

  // -------------------------------------------------------------------------------------------------- repositories

  const shownSeverities = gravest.filter((rank) => severities[rank] !== "info" || repositories.some((each) => each.open[rank]));
  const graver = (one, other) => {
    for (const rank of gravest) if (one.open[rank] !== other.open[rank]) return other.open[rank] - one.open[rank];
    return other.failing - one.failing || one.index - other.index;
  };
  const repositoryTable = paged(
    byId("repository-table"),
    byId("repository-pager"),
    "Repositories and their controls",
    [
      { label: "Repository", class: "first", sort: (each) => each.slug.toLowerCase() },
      ...shownSeverities.map((rank) => ({ label: capital(severities[rank]), class: "number", down: true, sort: (each) => each.open[rank] })),
      { label: "Not met", class: "number", down: true, sort: (each) => each.failing },
      ...controls.map((control) => ({
        label: element("span", { title: texts[control.title] }, control.id),
        class: "control",
        id: control.id,
      })),
    ],
    (each, opener) => [
      element("th", { scope: "row", class: "first" }, opener(bdi(each.slug))),
      ...shownSeverities.map((rank) => element("td", { class: "number" }, String(each.open[rank]))),
      element("td", { class: "number" }, String(each.failing)),
      ...controls.map((control, index) => {
        const verdict = each.verdicts[index];
        const chosenClass = control.id === chosen.control ? " chosen" : "";
        if (!verdict) return element("td", { class: `cell${chosenClass}` }, element("span", { class: "sr" }, "no verdict"));
        return element("td", { class: `cell ${outcomes[verdict[0]]}${chosenClass}` },
          element("span", { "aria-hidden": "true" }, signs[verdict[0]]),
          element("span", { class: "sr" }, words[verdict[0]]));
      }),
    ],
    repositoryDetail,
    graver,
  );

  function repositoryDetail(each) {
    const order = [FAIL, UNKNOWN, ...outcomes.keys()].filter((value, index, all) => all.indexOf(value) === index);
    const told = controls.map((control, index) => [control, each.verdicts[index]]).filter(([, verdict]) => verdict);
    told.sort((one, other) => order.indexOf(one[1][0]) - order.indexOf(other[1][0]));
    const list = element("ul", { class: "verdicts" }, told.map(([control, [outcome, reason, permission, evidence]]) => element("li", null,
      element("span", null, mark(outcomes[outcome], `${signs[outcome]} ${words[outcome]}`)),
      element("span", null,
        element("strong", null, texts[control.title]),
        reason ? element("span", null, " – ", bdi(texts[reason])) : null,
        permission ? element("span", { class: "quiet" }, " (would tell: ", bdi(texts[permission]), ")") : null,
        evidence.length ? element("span", { class: "quiet" }, " ", bdi(evidence.map((number) => texts[number]).join(", "))) : null))));
    return [
      element("h3", null, bdi(each.slug)),
      facts([
        ["Address", each.url ? link(each.url, each.url) : null],
        ["Commit", each.head ? [element("code", null, each.head.slice(0, 12)), each.branch ? [" on ", bdi(texts[each.branch])] : null, each.known ? " (unchanged since an earlier audit)" : null] : null],
        ["Visibility", texts[each.visibility]],
        ["Project types", each.projects.length ? bdi(each.projects.map((number) => texts[number]).join(", ")) : null],
        ["Ring", each.ring ? bdi(texts[each.ring]) : null],
        ["Pull request", each.proposal ? [mark("", texts[each.proposal[0]]), " ", each.proposal[1] ? link(each.proposal[1], each.proposal[1]) : null, each.proposal[2] ? bdi(texts[each.proposal[2]]) : null] : null],
        ["Problems", each.problems.length ? element("ul", null, each.problems.map(([path, message]) => element("li", null, path ? [element("code", null, texts[path]), ": "] : null, bdi(texts[message])))) : null],
        ["Findings", each.found ? element("button", { type: "button", class: "plain", on: { click: () => choose({ repo: each.slug, state: "" }, "findings") } }, `Show its ${plural(each.found, "finding", "findings")}`) : "none"],
      ]),
      element("h3", null, "Controls"),
      list,
    ];
  }

  // ------------------------------------------------------------------------------------------------------ findings

  const slugOf = (at) => repositories[columns.repository[at]].slug;
  const pathOf = (at) => texts[columns.path[at]] + (columns.line[at] ? `:${columns.line[at]}` : "");
  const findingTable = paged(
    byId("finding-table"),
    byId("finding-pager"),
    "Findings",
    [
      { label: "Severity", class: "severity", down: true, sort: (at) => columns.severity[at] },
      { label: "Finding" },
      { label: "Rule", class: "rule", sort: (at) => rules[columns.rule[at]].id },
      { label: "Place", class: "place", sort: (at) => `${slugOf(at).toLowerCase()}/${texts[columns.path[at]]}` },
      { label: "First seen", class: "seen", sort: (at) => texts[columns.seen[at]] || "~" },
    ],
    (at, opener) => [
      element("td", null, mark(severities[columns.severity[at]], severities[columns.severity[at]])),
      element("td", null, opener(bdi(texts[columns.message[at]])), columns.state[at] === OPEN ? null : [" ", mark("", plain(states[columns.state[at]]))]),
      element("td", null, bdi(rules[columns.rule[at]].id)),
      element("td", null, bdi(slugOf(at)), element("br"), element("span", { class: "quiet" }, bdi(pathOf(at)))),
      element("td", { class: "quiet date" }, texts[columns.seen[at]] || "–"),
    ],
    findingDetail,
    (one, other) => columns.severity[other] - columns.severity[one] || one - other,
  );
  findingTable.by = null;

  function address(at) {
    const { url, head } = repositories[columns.repository[at]];
    const path = texts[columns.path[at]];
    if (!url || !head || !columns.line[at] || path.includes("\\")) return "";
    return `${url}/blob/${head}/${path.split("/").map(encodeURIComponent).join("/")}#L${columns.line[at]}`;
  }

  function findingDetail(at) {
    const rule = rules[columns.rule[at]];
    const source = texts[columns.source[at]];
    const text = (column) => (columns[column][at] ? bdi(texts[columns[column][at]]) : null);
    const gutter = String(columns.line[at]);
    const related = data.related[at] || [];
    const age = columns.seen[at] ? Math.round((Date.parse(data.day) - Date.parse(texts[columns.seen[at]])) / 864e5) : null;
    return [
      source ? element("pre", { class: "source", tabindex: "0", role: "region", "aria-label": `Line ${gutter}, from column ${columns.column[at]}` },
        element("code", null,
          element("span", { class: "gutter" }, `${gutter} │ `), `${source}\n`,
          element("span", { class: "gutter", "aria-hidden": "true" }, `${" ".repeat(gutter.length)} │ `),
          element("span", { class: "carets", "aria-hidden": "true" }, " ".repeat(columns.caret[at]) + "^".repeat(columns.carets[at])))) : null,
      facts([
        ["Place", address(at) ? link(address(at), pathOf(at)) : bdi(pathOf(at))],
        ["In", columns.route[at] ? element("code", null, texts[columns.route[at]]) : null],
        ["State", columns.state[at] === OPEN && !columns.reason[at] ? null : [capital(plain(states[columns.state[at]])), columns.reason[at] ? [": ", text("reason")] : null]],
        ["Exception", columns.owner[at] || columns.ends[at] ? [columns.owner[at] ? ["granted by ", text("owner")] : "no owner named", columns.ends[at] ? `, until ${texts[columns.ends[at]]}` : ", without end"] : null],
        ["Notes", columns.notes[at] ? element("span", { class: "more" }, texts[columns.notes[at]]) : null],
        ["See also", related.length ? element("ul", null, related.map(([path, line, message]) => element("li", null, element("code", null, texts[path] + (line ? `:${line}` : "")), " ", bdi(texts[message])))) : null],
        ["Rule", [bdi(rule.id), rule.title ? [": ", bdi(texts[rule.title])] : null]],
        ["Why", rule.why ? element("span", { class: "more" }, texts[rule.why]) : null],
        ["How to fix", rule.how ? element("span", { class: "more" }, texts[rule.how]) : null],
        ["Fix", columns.safety[at] ? [text("fix"), columns.safety[at] === 1 ? " (safe)" : " (to be reviewed)"] : columns.unfixable[at] ? ["none: ", text("unfixable")] : null],
        ["First seen", age === null ? null : `${texts[columns.seen[at]]}, ${age > 0 ? `${plural(age, "day", "days")} before this audit` : "with this audit"}`],
        ["Fingerprint", element("code", null, texts[columns.name[at]])],
      ]),
    ];
  }

  // -------------------------------------------------------------------------------------------------- putting it up

  let waiting = 0;
  /** Shows what the filters let through; a person who types is not interrupted at every letter. */
  function changed() {
    clearTimeout(waiting);
    waiting = setTimeout(update, 120);
  }

  function update() {
    clearTimeout(waiting);
    for (const field of FIELDS) {
      if (field.input.value !== chosen[field.id]) field.input.value = chosen[field.id];
      field.input.dataset.set = chosen[field.id] === (field.initial || "") ? "no" : "yes";
    }
    const { found, shown } = filtered();
    for (const th of byId("repository-table").querySelectorAll("th.control")) {
      th.classList.toggle("chosen", Boolean(chosen.control) && th.textContent === chosen.control);
    }
    repositoryTable.fill(shown);
    findingTable.fill(found);
    const kind = chosen.state ? `${plain(chosen.state)} ` : "";
    byId("count").textContent = `${plural(found.length, `${kind}finding`, `${kind}findings`)} and ${shown.length.toLocaleString("en")} of ${plural(repositories.length, "repository", "repositories")}`;
    toAddress();
  }

  /** Sets some filters and leaves the others at their start, then goes to a section. */
  function choose(some, section) {
    reset();
    Object.assign(chosen, some);
    update();
    const heading = byId(`${section}-title`);
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
    heading.scrollIntoView();
  }

  for (const button of document.querySelectorAll("button[data-filter]")) {
    const { filter, value, outcome } = button.dataset;
    const field = FIELDS.find((each) => each.id === filter);
    if (!field.options.some(([option]) => option === value)) continue;
    button.disabled = false;
    button.addEventListener("click", () => {
      if (filter === "control") choose({ control: value, outcome }, "repositories");
      else if (filter === "rule") choose({ rule: value, state: "" }, "findings");
      else if (filter === "state") choose({ state: value }, "findings");
      else choose({ [filter]: value }, "repositories");
    });
  }
  byId("clear").addEventListener("click", () => {
    reset();
    update();
    FIELDS[0].input.focus();
  });

  // Tables that are whole in the page sort in place.
  for (const table of document.querySelectorAll("table.sortable")) {
    const body = table.tBodies[0];
    [...table.tHead.rows[0].cells].forEach((th, column) => {
      if (th.tagName !== "TH") return;
      const numeric = th.classList.contains("number");
      const button = element("button", { type: "button", class: "plain" }, ...th.childNodes);
      th.append(button);
      th.setAttribute("aria-sort", "none");
      const value = (row) => {
        const cell = row.cells[column];
        return numeric || cell.dataset.value ? Number(cell.dataset.value) : cell.textContent.trim().toLowerCase();
      };
      button.addEventListener("click", () => {
        const now = th.getAttribute("aria-sort");
        const down = now === "none" ? numeric : now === "ascending";
        for (const other of th.parentElement.cells) if (other.hasAttribute("aria-sort")) other.setAttribute("aria-sort", "none");
        th.setAttribute("aria-sort", down ? "descending" : "ascending");
        const rows = [...body.rows].sort((one, other) => {
          const [left, right] = [value(one), value(other)];
          return (down ? -1 : 1) * (left < right ? -1 : left > right ? 1 : 0);
        });
        body.append(...rows);
      });
    });
  }

  // The choice of the theme lasts where the browser keeps such things for a file.
  const THEMES = ["automatic", "light", "dark"];
  const root = document.documentElement;
  const remembered = (value) => {
    try {
      if (value !== undefined) localStorage.setItem("chittyops-policy-theme", value);
      return localStorage.getItem("chittyops-policy-theme");
    } catch {
      return null;
    }
  };
  function theme(name) {
    if (name === "automatic") delete root.dataset.theme;
    else root.dataset.theme = name;
    byId("theme").textContent = `Theme: ${name}`;
  }
  theme(THEMES.includes(remembered()) ? remembered() : "automatic");
  byId("theme").addEventListener("click", () => {
    const next = THEMES[(THEMES.indexOf(root.dataset.theme || "automatic") + 1) % THEMES.length];
    theme(next);
    remembered(next);
  });

  byId("print").addEventListener("click", () => window.print());
  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const each of closed) each.open = true;
    for (const table of [repositoryTable, findingTable]) {
      table.size = PRINTED;
      table.show(0);
    }
  });
  window.addEventListener("afterprint", () => {
    for (const each of closed) each.open = false;
    for (const table of [repositoryTable, findingTable]) {
      table.size = PAGE;
      table.show(0);
    }
  });
  window.addEventListener("hashchange", () => {
    if (fromAddress()) update();
  });

  for (const each of document.querySelectorAll(".scripted")) each.hidden = false;
  reset();
  const given = fromAddress();
  update();
  if (given) byId("explore").scrollIntoView();
})();
