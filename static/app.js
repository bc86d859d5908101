// Enhancements. Every page works without this file: what only works with it is `hidden` in the HTML and is shown here.
//
//   data-js                     on a hidden element: show it, because the script runs
//   data-copy="ID"              button: copy the value or text of #ID; data-done is what is then announced
//   data-download="ID"          button: save the value of #ID as a text file called data-filename
//   data-once                   field with a secret: emptied when the page is left
//   data-show="ID"              button: show or hide the password in #ID; data-alt is the other label
//   data-select-all="NAME"      checkbox: tick all checkboxes NAME of its form
//   data-selected="NAME"        text: number of ticked checkboxes NAME of its form; data-text has the words, # is the number
//   data-focus                  takes the focus when the page opens (error summary)
//   time[data-ago]              relative time, kept right while the page stays open

const doc = document;
const all = (selector, root = doc) => root.querySelectorAll(selector);
const byId = (id) => doc.getElementById(id);
const on = (type, selector, act) =>
  doc.addEventListener(type, (event) => {
    const hit = event.target.closest?.(selector);
    if (hit) act(hit, event);
  });

const say = (words) => {
  const live = byId("live");
  live.textContent = "";
  setTimeout(() => (live.textContent = words), 50);
};

const textOf = (element) => element.value ?? element.textContent;

const copy = async (source) => {
  try {
    await navigator.clipboard.writeText(textOf(source));
    return true;
  } catch {
    // Plain HTTP has no clipboard interface; what is selected can still be copied, if need be by hand.
    source.focus();
    if (source.select) source.select();
    else getSelection().selectAllChildren(source);
    return doc.execCommand("copy");
  }
};

on("click", "[data-copy]", async (button) => {
  if (!(await copy(byId(button.dataset.copy)))) return;
  const label = button.querySelector("[data-label]");
  const before = (label.dataset.label ||= label.textContent);
  label.textContent = button.dataset.done;
  say(button.dataset.done);
  clearTimeout(label.timer);
  label.timer = setTimeout(() => (label.textContent = before), 3000);
});

on("click", "[data-download]", (button) => {
  const text = textOf(byId(button.dataset.download)) + "\n";
  const link = doc.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  link.download = button.dataset.filename;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
});

on("click", "[data-show]", (button) => {
  const field = byId(button.dataset.show);
  const label = button.querySelector("[data-label]");
  field.type = field.type === "password" ? "text" : "password";
  [label.textContent, button.dataset.alt] = [button.dataset.alt, label.textContent];
  for (const icon of all("[data-icon]", button)) icon.toggleAttribute("hidden");
});

const boxes = (element, name) =>
  [...all("input[type=checkbox]", element.closest("form"))].filter((box) => box.name === name);

const count = () => {
  for (const text of all("[data-selected]")) {
    const n = boxes(text, text.dataset.selected).filter((box) => box.checked).length;
    text.textContent = text.dataset.text.replace("#", n);
  }
  for (const master of all("[data-select-all]")) {
    const group = boxes(master, master.dataset.selectAll);
    const n = group.filter((box) => box.checked).length;
    master.checked = n > 0 && n === group.length;
    master.indeterminate = n > 0 && n < group.length;
  }
};

on("change", "[data-select-all]", (master) => {
  for (const box of boxes(master, master.dataset.selectAll)) box.checked = master.checked;
});
on("change", "input[type=checkbox]", count);

// A second click on a button that already sent its form must not send it again. A disabled button would
// drop its name and value from the request, so the form is marked instead.
const release = (form) => {
  delete form.dataset.sent;
  for (const button of all("[aria-disabled]", form)) button.removeAttribute("aria-disabled");
};
const hidePasswords = () => {
  for (const button of all("[data-show]")) if (byId(button.dataset.show).type === "text") button.click();
};
doc.addEventListener("submit", (event) => {
  const form = event.target;
  hidePasswords(); // a browser keeps what was typed into a text field
  if (form.method !== "post") return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "1";
  event.submitter?.setAttribute("aria-disabled", "true");
  // An answer that is a download leaves the page as it is.
  setTimeout(release, 10000, form);
});

addEventListener("pagehide", () => {
  for (const field of all("[data-once]")) field.value = "";
  hidePasswords();
});
addEventListener("pageshow", () => {
  for (const form of all("form[data-sent]")) release(form);
  count();
});

const units = [["year", 31536e3], ["month", 2592e3], ["day", 86400], ["hour", 3600], ["minute", 60]];
const words = new Intl.RelativeTimeFormat(doc.documentElement.lang, { numeric: "always" });
const refresh = () => {
  for (const time of all("time[data-ago]")) {
    const seconds = (new Date(time.dateTime) - Date.now()) / 1000;
    const [unit, size] = units.find(([, size]) => Math.abs(seconds) >= size) ?? [];
    // The server words the first minute; after that the same rule as on the server.
    if (unit) time.textContent = words.format(Math.trunc(seconds / size), unit);
  }
};
setInterval(refresh, 60000);

for (const element of all("[data-js]")) element.hidden = false;
requestAnimationFrame(() => {
  // Where the browser already honoured autofocus there is nothing left to do.
  if (doc.activeElement === doc.body) doc.querySelector("[data-focus]")?.focus();
});
count();
