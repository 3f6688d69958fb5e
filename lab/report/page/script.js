"use strict";
// Everything on the page can be read without this: it adds filter, zoom and the
// notes that follow the pointer or the focus.
(() => {
  const root = document.documentElement;
  root.classList.remove("no-js");
  const all = (from, what) => Array.from(from.querySelectorAll(what));

  // The table of promises.
  const form = document.querySelector("form.filter");
  if (form) {
    const rows = all(document, ".promises tbody tr");
    const chips = all(form, "button[data-verdict]");
    const out = form.querySelector("output");
    const apply = () => {
      const wanted = chips.filter((c) => c.getAttribute("aria-pressed") === "true").map((c) => c.dataset.verdict);
      const path = form.elements.path.value;
      const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const r of rows) {
        const yes = (!wanted.length || wanted.includes(r.dataset.verdict)) && (!path || r.dataset.path === path) &&
          words.every((w) => r.dataset.text.includes(w));
        r.hidden = !yes;
        shown += yes;
      }
      out.textContent = shown === rows.length ? "" : shown + " of " + rows.length + " lines";
    };
    form.addEventListener("submit", (e) => e.preventDefault());
    form.addEventListener("input", apply);
    for (const c of chips) {
      c.addEventListener("click", () => {
        c.setAttribute("aria-pressed", String(c.getAttribute("aria-pressed") !== "true"));
        apply();
      });
    }
    addEventListener("pageshow", apply); // a browser may have kept what was filled in
  }

  // A link into a folded case unfolds it.
  const reveal = () => {
    let target = null;
    try { target = document.getElementById(decodeURIComponent(location.hash.slice(1))); } catch { return; }
    if (!target) return;
    for (let d = target.closest("details"); d; d = d.parentElement.closest("details")) d.open = true;
    target.scrollIntoView({ block: target.matches(".lane, .flag") ? "center" : "start" });
    const mark = target.querySelector && target.matches(".lane") && target.querySelector(".seg");
    if (mark) mark.focus({ preventScroll: true });
  };
  addEventListener("hashchange", reveal);
  if (location.hash) setTimeout(reveal, 0);
  document.addEventListener("click", (e) => {
    const a = e.target.closest("a[href^='#']");
    if (!a) return;
    if (a.hash === location.hash) setTimeout(reveal, 0);
    if ("copy" in a.dataset && navigator.clipboard) {
      navigator.clipboard.writeText(location.href.split("#")[0] + a.hash).then(() => {
        const was = a.textContent;
        a.textContent = "copied";
        setTimeout(() => { a.textContent = was; }, 1500);
      }, () => {});
    }
  });

  // Moments as the program writes them.
  const duration = (s) => {
    s = Math.round(s);
    let text = "";
    for (const [n, unit] of [[3600, "h"], [60, "m"], [1, "s"]]) {
      if (s >= n) { text += Math.floor(s / n) + unit; s %= n; }
    }
    return text || "0s";
  };
  const moment = (s) => (Math.round(s) === 0 ? "T0" : s < 0 ? "T-" + duration(-s) : "T+" + duration(s));
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 1209600, 2592000];
  const NS = "http://www.w3.org/2000/svg";

  // A timeline is wired up when it is looked at for the first time.
  const wire = (fig) => {
    if (fig.dataset.wired) return;
    fig.dataset.wired = "1";
    const num = (k) => Number(fig.dataset[k]);
    const first = num("first"), last = num("last"), limit = num("limit"), from0 = num("from"), to0 = num("to");
    const chart = fig.querySelector(".chart"), plot = fig.querySelector(".plot"), mini = fig.querySelector(".mini");
    const frame = fig.querySelector(".window"), grid = fig.querySelector(".grid"), tip = fig.querySelector(".tip");
    const shown = fig.querySelector(".shown"), tools = fig.querySelector(".tools");
    const placed = all(plot, "[data-a]").map((el) => ({ el, a: Number(el.dataset.a), b: "b" in el.dataset ? Number(el.dataset.b) : null, text: el.querySelector("text") }));
    const lanes = all(plot, ".lane").map((l) => all(l, ".seg")).filter((l) => l.length);
    const model = grid.querySelector(".tickmark");
    let from = from0, to = to0;
    const shortest = Math.min(10, last - first);

    for (const seg of lanes.flat()) {
      const title = seg.querySelector("title");
      seg.setAttribute("aria-label", title.textContent);
      seg.dataset.tip = title.textContent;
      title.remove(); // the browser's own note would cover ours
      seg.setAttribute("tabindex", "-1");
    }
    for (const l of lanes) l[0].setAttribute("tabindex", "0");

    const draw = () => {
      const width = plot.getBoundingClientRect().width || 1, span = to - from;
      const at = (s) => Math.max(-5, Math.min(105, 100 * (s - from) / span));
      for (const p of placed) {
        let x = at(p.a);
        if (p.b !== null && p.a < from && p.b >= from) x = 0; // it begins at the edge, with its word
        p.el.setAttribute("x", x + "%");
        if (p.b !== null) {
          const w = Math.max(300 / width, Math.min(100.5, at(p.b)) - x);
          p.el.setAttribute("width", w + "%");
          if (p.el.dataset.long) {
            // Within sight, as long a word as fits.
            const room = Math.min(100 - x, w) * width / 100;
            p.text.textContent = [p.el.dataset.long, p.el.dataset.word].find((t) => room > 16 + 6.6 * t.length) || "";
          }
        } else if (p.el.classList.contains("flag")) {
          const right = x > 60;
          p.text.setAttribute("text-anchor", right ? "end" : "start");
          p.text.setAttribute("x", right ? -6 : 6);
        }
      }
      const step = steps.find((n) => span / n <= Math.max(2, width / 96)) || span / 6;
      const marks = [];
      for (let i = Math.ceil(from / step); i * step <= to + 1e-9 && marks.length < 60; i++) {
        const m = model ? model.cloneNode(true) : document.createElementNS(NS, "svg");
        const x = at(i * step);
        m.setAttribute("x", x + "%");
        for (const t of all(m, "text")) {
          t.textContent = i ? moment(i * step) : "order, T0";
          t.setAttribute("text-anchor", x * width < 3000 ? "start" : (100 - x) * width < 3000 ? "end" : "middle");
        }
        marks.push(m);
      }
      grid.replaceChildren(...marks);
      const whole = last - first;
      frame.setAttribute("x", 100 * (from - first) / whole + "%");
      frame.setAttribute("width", Math.max(0.6, 100 * span / whole) + "%");
      shown.textContent = moment(from) + " to " + moment(to);
      chart.setAttribute("aria-label", chart.getAttribute("aria-label").replace(/, [^,]*$/, ", " + shown.textContent));
      for (const b of all(tools, "[data-preset]")) {
        const [a, z] = preset(b.dataset.preset);
        b.setAttribute("aria-pressed", String(Math.abs(a - from) < 0.5 && Math.abs(z - to) < 0.5));
      }
      hide();
    };
    const show = (a, b) => {
      const span = Math.max(shortest, Math.min(last - first, b - a));
      let start = a + (b - a - span) / 2;
      start = Math.max(first, Math.min(last - span, start));
      from = start; to = start + span;
      draw();
    };
    const preset = (name) => {
      const fit = (a, b) => {
        a = Math.max(first, a); b = Math.min(last, b);
        return b - a < shortest ? [a, Math.min(last, a + shortest)] : [a, b];
      };
      if (name === "order") return fit(from0, to0);
      if (name === "limit") return fit(-0.12 * limit, 1.25 * limit);
      return [first, last];
    };
    const zoom = (factor, share = 0.5) => {
      const pivot = from + share * (to - from);
      show(pivot - share * (to - from) * factor, pivot + (1 - share) * (to - from) * factor);
    };
    const move = (share) => show(from + share * (to - from), to + share * (to - from));
    const act = (name) => ({ in: () => zoom(0.5), out: () => zoom(2), left: () => move(-0.4), right: () => move(0.4) })[name]();

    tools.addEventListener("click", (e) => {
      const b = e.target.closest("button");
      if (!b) return;
      if (b.dataset.preset) show(...preset(b.dataset.preset)); else act(b.dataset.zoom);
    });
    plot.addEventListener("wheel", (e) => {
      const r = plot.getBoundingClientRect();
      if (e.ctrlKey || e.metaKey || e.altKey) {
        e.preventDefault();
        zoom(Math.exp(e.deltaY * 0.002), (e.clientX - r.left) / r.width);
      } else if (Math.abs(e.deltaX) > Math.abs(e.deltaY)) {
        e.preventDefault();
        move(e.deltaX / r.width);
      }
    }, { passive: false });
    const drag = (el, moved) => {
      el.addEventListener("pointerdown", (e) => {
        if (e.button) return;
        let x = e.clientX, far = false;
        const go = (ev) => {
          if (!far && Math.abs(ev.clientX - x) < 4) return;
          if (!far) { far = true; el.setPointerCapture(e.pointerId); el.classList.add("held"); }
          moved(ev.clientX - x, ev);
          x = ev.clientX;
        };
        const end = () => {
          el.removeEventListener("pointermove", go);
          el.removeEventListener("pointerup", end);
          el.removeEventListener("pointercancel", end);
          el.classList.remove("held");
        };
        el.addEventListener("pointermove", go);
        el.addEventListener("pointerup", end);
        el.addEventListener("pointercancel", end);
      });
    };
    drag(plot, (dx) => move(-dx / plot.getBoundingClientRect().width));
    const center = (ev) => {
      const r = mini.getBoundingClientRect(), t = first + (last - first) * (ev.clientX - r.left) / r.width, half = (to - from) / 2;
      show(t - half, t + half);
    };
    drag(mini, (_, ev) => center(ev));
    mini.addEventListener("click", center);

    const hide = () => { tip.hidden = true; };
    const tell = (seg) => {
      tip.textContent = seg.dataset.tip;
      tip.hidden = false;
      const f = fig.getBoundingClientRect(), s = seg.getBoundingClientRect(), p = plot.getBoundingClientRect();
      const left = Math.max(s.left, p.left) - f.left, below = s.bottom - f.top + 9;
      tip.style.left = Math.max(0, Math.min(left, f.width - tip.offsetWidth - 2)) + "px";
      const over = s.top - f.top - tip.offsetHeight - 9;
      tip.style.top = (below + tip.offsetHeight > f.height && over > 0 ? over : below) + "px";
    };
    let told = null;
    plot.addEventListener("pointermove", (e) => {
      const s = plot.classList.contains("held") ? null : e.target.closest(".seg");
      if (s && (s !== told || tip.hidden)) tell(s);
      if (!s) hide();
      told = s;
    });
    plot.addEventListener("pointerleave", () => { const s = document.activeElement; if (s && s.dataset.tip && fig.contains(s)) tell(s); else hide(); });
    plot.addEventListener("focusin", (e) => {
      const s = e.target.closest(".seg");
      if (!s) return;
      const a = Number(s.dataset.a), b = Number(s.dataset.b);
      if (b < from || a > to) show(Math.min(from, a), Math.max(to, Math.min(b, a + (to - from))));
      tell(s);
    });
    plot.addEventListener("focusout", hide);
    fig.addEventListener("keydown", (e) => {
      if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest("button")) return;
      const seg = e.target.closest(".seg");
      const line = lanes.findIndex((l) => l.includes(seg)), i = seg ? lanes[line].indexOf(seg) : -1;
      const go = (s) => {
        if (!s) return;
        for (const o of lanes.find((l) => l.includes(s))) o.setAttribute("tabindex", o === s ? "0" : "-1");
        s.focus({ preventScroll: true });
        s.scrollIntoView({ block: "nearest" });
      };
      const near = (l) => l && l.reduce((best, s) => (Math.abs(s.dataset.a - seg.dataset.a) < Math.abs(best.dataset.a - seg.dataset.a) ? s : best));
      const keys = {
        "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), "0": () => show(from0, to0), Home: () => show(first, last),
        ArrowRight: () => (seg ? go(lanes[line][i + 1]) : move(0.2)), ArrowLeft: () => (seg ? go(lanes[line][i - 1]) : move(-0.2)),
        ArrowDown: () => seg && go(near(lanes[line + 1])), ArrowUp: () => seg && go(near(lanes[line - 1])), Escape: hide,
      };
      const f = keys[e.key];
      if (!f) return;
      e.preventDefault();
      f();
      if (seg && ["+", "=", "-", "0", "Home"].includes(e.key)) tell(seg);
    });
    // Paper cannot be zoomed: there the whole watch stands below what is framed.
    fig.print = () => {
      fig.afterPrint();
      if (from <= first && to >= last) return;
      const was = [from, to];
      show(first, last);
      const whole = chart.cloneNode(true);
      show(...was);
      for (const el of all(whole, "[id]")) el.removeAttribute("id");
      for (const el of all(whole, "[tabindex]")) el.removeAttribute("tabindex");
      const box = document.createElement("div"), title = document.createElement("p");
      box.className = "whole";
      title.className = "range";
      title.textContent = "The whole watch, " + moment(first) + " to " + moment(last);
      box.append(title, whole);
      chart.after(box);
    };
    fig.afterPrint = () => { for (const el of all(fig, ".whole")) el.remove(); };
    fig.frame = {
      range: () => [from, to, from !== from0 || to !== to0],
      focus: () => {
        const line = lanes.findIndex((l) => l.includes(document.activeElement));
        return line < 0 ? null : [line, lanes[line].indexOf(document.activeElement)];
      },
      take: (was) => {
        const [a, b, chosen] = was.range(), mark = was.focus();
        if (chosen) show(a, b);
        const seg = mark && lanes[mark[0]] && lanes[mark[0]][mark[1]];
        if (seg) seg.focus({ preventScroll: true });
      },
    };
    new ResizeObserver(draw).observe(chart);
    draw();
  };
  const seen = new IntersectionObserver((list) => {
    for (const e of list) if (e.isIntersecting) { seen.unobserve(e.target); wire(e.target); }
  }, { rootMargin: "200px" });
  for (const fig of all(document, ".timeline")) seen.observe(fig);

  // A page of a server shows timelines anew while they grow. Who has chosen what
  // to look at goes on looking at it, and at the mark that has the focus.
  document.addEventListener("replace", (e) => {
    const was = e.target.querySelector(".timeline"), is = e.detail.querySelector(".timeline");
    if (!is) return;
    wire(is);
    if (was && was.frame) is.frame.take(was.frame);
  });
  // The cells of a heat map tell more where the pointer or the focus is.
  const note = document.getElementById("tip");
  const cells = all(document, ".heat .cell");
  const place = (c) => {
    if (!c.dataset.tip) { note.hidden = true; return; }
    note.textContent = c.dataset.tip;
    note.hidden = false;
    const r = c.getBoundingClientRect();
    note.style.left = Math.max(8, Math.min(r.left, innerWidth - note.offsetWidth - 8)) + "px";
    const below = r.bottom + 8;
    note.style.top = (below + note.offsetHeight > innerHeight ? Math.max(8, r.top - note.offsetHeight - 8) : below) + "px";
  };
  const away = () => { if (note) note.hidden = true; };
  for (const c of cells) {
    c.dataset.tip = c.title;
    if (c.title) c.setAttribute("aria-label", c.textContent.trim() + ". " + c.title);
    c.removeAttribute("title"); // the browser's own note would cover ours
    c.tabIndex = -1;
    c.addEventListener("pointerenter", () => place(c));
    c.addEventListener("pointerleave", away);
    c.addEventListener("focus", () => place(c));
    c.addEventListener("blur", away);
  }
  for (const table of all(document, ".heat")) {
    const start = table.querySelector(".cell");
    if (start) start.tabIndex = 0;
    table.addEventListener("keydown", (e) => {
      const c = e.target.closest(".cell");
      if (!c) return;
      const row = c.parentElement, i = Array.from(row.children).indexOf(c);
      const beside = (r) => r && r.children[i] && r.children[i].matches(".cell") ? r.children[i] : null;
      const to = {
        ArrowRight: () => c.nextElementSibling, ArrowLeft: () => c.previousElementSibling,
        ArrowDown: () => beside(row.nextElementSibling), ArrowUp: () => beside(row.previousElementSibling),
      }[e.key];
      if (e.key === "Escape") away();
      const next = to && to();
      if (!to) return;
      e.preventDefault();
      if (!next || !next.matches(".cell")) return;
      c.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    });
  }

  // On paper everything is unfolded, and a timeline shows the whole watch, too.
  addEventListener("beforeprint", () => {
    for (const d of all(document, "details:not([open])")) { d.dataset.folded = "1"; d.open = true; }
    for (const fig of all(document, ".timeline")) { wire(fig); fig.print(); }
  });
  addEventListener("afterprint", () => {
    for (const d of all(document, "details[data-folded]")) { d.open = false; delete d.dataset.folded; }
    for (const fig of all(document, ".timeline")) if (fig.afterPrint) fig.afterPrint();
  });
})();
