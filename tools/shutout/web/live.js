// Keeps the page of a play up to date, and sends its forms without leaving it.
// Without this script the same forms work, and the page loads itself anew.
"use strict";
(() => {
  const live = document.querySelector("[data-live]");
  if (!live) return;
  const every = 400; // milliseconds between two looks

  // show puts parts of another page in the place of those that have their ids.
  // What has the focus, and what is unfolded, stays so.
  const show = (from, ids) => {
    const focus = document.activeElement && document.activeElement.id;
    for (const id of ids) {
      const was = document.getElementById(id), is = from.getElementById(id);
      if (!was || !is || was.outerHTML === is.outerHTML) continue;
      const open = new Map([...was.querySelectorAll("details[id]")].map((d) => [d.id, d.open]));
      is.querySelectorAll("details[id]").forEach((d) => { if (open.has(d.id)) d.open = open.get(d.id); });
      const fresh = document.importNode(is, true);
      was.before(fresh);
      was.dispatchEvent(new CustomEvent("replace", { bubbles: true, detail: fresh }));
      was.remove();
    }
    const again = focus && document.getElementById(focus);
    if (again && again !== document.activeElement) again.focus({ preventScroll: true });
    else if (focus && !again && /^pace-(go|pause)$/.test(focus)) {
      const other = document.querySelector("#pace-go, #pace-pause");
      if (other) other.focus({ preventScroll: true });
    }
  };
  const parse = (text) => new DOMParser().parseFromString(text, "text/html");

  let looking = false;
  const look = async () => {
    const now = document.getElementById("now");
    if (looking || document.hidden || !now || now.dataset.finished === "true") return;
    looking = true;
    try {
      const answer = await fetch("/live/now", { headers: { "If-None-Match": now.dataset.tag } });
      if (answer.status === 200) {
        const page = parse(await answer.text());
        const over = page.getElementById("now").dataset.finished === "true";
        show(page, ["clock", "now", "more"]);
        if (over) show(parse(await (await fetch("/live")).text()), ["clock", "controls", "now", "act", "more"]);
      } else if (answer.status === 404) {
        location.assign("/");
      }
    } catch { /* the server has ended, or is away: try again */ }
    looking = false;
  };
  setInterval(look, every);
  document.addEventListener("visibilitychange", look);

  // send does what a form asks for, and shows the page that is the answer.
  const send = async (form, button) => {
    const data = new URLSearchParams(new FormData(form));
    if (button && button.name) data.set(button.name, button.value);
    const path = form.getAttribute("action").split("#")[0];
    const answer = form.method === "get"
      ? await fetch(path + "?" + data)
      : await fetch(path, { method: "POST", body: data });
    const page = parse(await answer.text());
    if (!page.getElementById("act")) return location.assign("/live");
    show(page, ["clock", "controls", "now", "act", "more"]);
    if (form.method === "post" && document.activeElement === document.body) { // the button has gone
      const said = document.querySelector("#act [aria-invalid], #act .wrong, #act .said");
      if (said) said.focus();
    }
  };
  document.addEventListener("submit", (e) => {
    if (!e.target.matches("form[data-quiet]")) return;
    e.preventDefault();
    send(e.target, e.submitter);
  });
  document.addEventListener("change", (e) => {
    if (e.target.id === "do") send(e.target.form);
  });
})();
