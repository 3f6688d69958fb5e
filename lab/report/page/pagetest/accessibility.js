(() => {
  const faults = new Map();
  const fault = (kind, what) => {
    const list = faults.get(kind) || [];
    list.push(what);
    faults.set(kind, list);
  };
  const seen = (el) => el.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) && !el.closest("[hidden]");
  const short = (el) => (el.outerHTML || "").slice(0, 90);

  // The document.
  if (!document.documentElement.lang) fault("language", "html has none");
  if (!document.title) fault("title", "the document has none");
  if (document.querySelectorAll("main").length !== 1) fault("landmarks", "not one main");
  if (document.querySelectorAll("h1").length !== 1) fault("heads", "not one h1");

  // Heads go down one level at a time.
  let level = 0;
  for (const h of document.querySelectorAll("h1,h2,h3,h4,h5,h6")) {
    if (!seen(h)) continue;
    const n = Number(h.tagName[1]);
    if (n > level + 1) fault("heads", "h" + n + " after h" + level + ": " + h.textContent.slice(0, 40));
    if (!h.textContent.trim()) fault("heads", "one is empty");
    level = n;
  }

  // Names.
  const name = (el) => {
    const by = (el.getAttribute("aria-labelledby") || "").split(/\s+/).filter(Boolean).map((id) => (document.getElementById(id) || { textContent: "" }).textContent).join(" ");
    const label = el.labels && el.labels.length ? el.labels[0].textContent : "";
    const title = el.querySelector(":scope > title");
    return (by || el.getAttribute("aria-label") || label || (title && title.textContent) || el.textContent || "").trim();
  };
  for (const el of document.querySelectorAll("a[href], button, input, select, summary, [role=img], [role=group], [role=region], [tabindex='0']")) {
    if (seen(el) && !name(el)) fault("no name", short(el));
  }
  for (const svg of document.querySelectorAll("svg")) {
    if (svg.parentElement.closest("svg") || svg.closest("[aria-hidden=true]")) continue;
    if (!svg.getAttribute("role")) fault("picture without a role", short(svg));
  }
  for (const th of document.querySelectorAll("th")) if (!th.scope) fault("th without a scope", short(th));
  const ids = new Set();
  for (const el of document.querySelectorAll("[id]")) {
    if (ids.has(el.id)) fault("twice the same id", el.id);
    ids.add(el.id);
  }

  // The focus goes through the page as it is read.
  for (const el of document.querySelectorAll("[tabindex]")) if (el.tabIndex > 0) fault("focus order", short(el));

  // Contrast (WCAG 2.2, 1.4.3 and 1.4.11).
  const parse = (c) => {
    const m = c.match(/rgba?\(([^)]+)\)/);
    if (!m) return null;
    const p = m[1].split(/[ ,/]+/).map(Number);
    return { r: p[0], g: p[1], b: p[2], a: p.length > 3 ? p[3] : 1 };
  };
  const over = (top, under) => ({ r: top.r * top.a + under.r * (1 - top.a), g: top.g * top.a + under.g * (1 - top.a), b: top.b * top.a + under.b * (1 - top.a), a: 1 });
  const lum = (c) => {
    const f = (v) => ((v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * f(c.r) + 0.7152 * f(c.g) + 0.0722 * f(c.b);
  };
  const ratio = (a, b) => {
    const [x, y] = [lum(a), lum(b)].sort((p, q) => q - p);
    return (x + 0.05) / (y + 0.05);
  };
  const behind = (el) => {
    let c = { r: 0, g: 0, b: 0, a: 0 };
    for (let e = el; e; e = e.parentElement) {
      const own = parse(getComputedStyle(e).backgroundColor);
      if (own && own.a > 0) {
        c = c.a ? over(c, own) : own;
        if (own.a === 1) return c;
      }
    }
    return parse(getComputedStyle(document.documentElement).backgroundColor).a ? parse(getComputedStyle(document.documentElement).backgroundColor) : { r: 255, g: 255, b: 255, a: 1 };
  };
  const root = getComputedStyle(document.documentElement);
  const probe = document.createElement("i");
  document.body.append(probe);
  const variable = (v) => {
    probe.style.color = "";
    probe.style.color = root.getPropertyValue(v).trim();
    return parse(getComputedStyle(probe).color);
  };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n = walk.nextNode(); n; n = walk.nextNode()) {
    const el = n.parentElement;
    if (!n.data.trim() || !seen(el) || el.closest("script, style, svg, .sr, .skip, option")) continue;
    const style = getComputedStyle(el), size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const r = ratio(parse(style.color), behind(el));
    if (r < (large ? 3 : 4.5)) fault("contrast of text", r.toFixed(2) + ": " + n.data.trim().slice(0, 30) + " in " + (el.className || el.tagName));
  }
  for (const text of document.querySelectorAll("svg text")) {
    if (!text.textContent.trim() || !seen(text)) continue;
    const style = getComputedStyle(text), fill = parse(style.fill), seg = text.closest(".seg");
    const grounds = [];
    if (seg) {
      const kind = ["ok", "out", "gone", "doubt"].find((k) => seg.classList.contains(k));
      grounds.push(variable("--" + kind)); // a halo in this colour keeps the pattern off the letters
    } else {
      grounds.push(variable("--card"));
      if (!text.closest(".flag") && !text.matches(".who, .cap")) grounds.push(variable("--band"));
      if (text.closest(".mini")) grounds.push(variable("--soft"));
    }
    for (const g of grounds) {
      const r = ratio(fill, g);
      if (r < 4.5) fault("contrast of text in a picture", r.toFixed(2) + ": " + text.textContent.slice(0, 30));
    }
  }
  // A lane is told from the ground by its fill or by its edge, and its words and
  // patterns tell one kind from another.
  for (const ground of ["--card", "--band"]) {
    for (const [kind, edge] of [["--ok", "--ok"], ["--out", "--out"], ["--gone", "--gone-edge"], ["--doubt", "--doubt-edge"], ["--over", "--over"], ["--order", "--order"]]) {
      const r = Math.max(ratio(variable(kind), variable(ground)), ratio(variable(edge), variable(ground)));
      if (r < 3) fault("contrast of a lane", kind + " on " + ground + ": " + r.toFixed(2));
    }
  }
  probe.remove();
  return Array.from(faults, ([kind, list]) => kind + " (" + list.length + "): " + Array.from(new Set(list)).slice(0, 4).join(" | "));
})()
