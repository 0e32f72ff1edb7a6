"""Measures of a page in a browser: faults of structure, weak contrasts, and whether it is wider than the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

PHONE: dict[str, Any] = {"viewport": {"width": 320, "height": 640}, "device_scale_factor": 2, "has_touch": True}

FAULTS_OF_STRUCTURE = """() => {
  const faults = [], shown = element => element ? ": " + element.outerHTML.slice(0, 90) : "";
  const say = (text, element) => faults.push(text + shown(element));
  const all = selector => [...document.querySelectorAll(selector)];
  const named = element => (element.getAttribute("aria-label") || element.innerText || element.alt || "").trim();
  if (document.documentElement.lang !== "en") say("no language");
  if (!document.title.trim()) say("no title");
  if (!document.querySelector("meta[name=viewport]")) say("no viewport");
  if (all("main").length !== 1) say("not one main");
  if (all("h1").length !== 1) say("not one h1");
  let level = 0;
  for (const heading of all("h1,h2,h3,h4,h5,h6")) {
    const here = +heading.tagName[1];
    if (here > level + 1) say("a heading level is skipped", heading);
    if (!heading.innerText.trim()) say("an empty heading", heading);
    level = here;
  }
  for (const field of all("input:not([type=hidden]),select,textarea"))
    if (![...field.labels].some(label => label.innerText.trim()) && !field.getAttribute("aria-label"))
      say("a field without a label", field);
  for (const element of all("a,button,summary")) if (!named(element)) say("nothing to read aloud", element);
  for (const element of all("img")) if (!element.hasAttribute("alt")) say("a picture without words", element);
  for (const element of all("[tabindex]")) if (element.tabIndex > 0) say("a focus order of its own", element);
  for (const element of all("[aria-describedby]"))
    for (const id of element.getAttribute("aria-describedby").split(" "))
      if (!document.getElementById(id)) say("described by nothing", element);
  for (const table of all("table")) if (!table.querySelector("th[scope]")) say("a table without headings", table);
  for (const group of all("fieldset")) if (!group.querySelector("legend")) say("a group without a name", group);
  const ids = all("[id]").map(element => element.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) say("an id twice: " + id);
  return faults;
}"""

WEAK_CONTRASTS = """() => {
  const probe = document.createElement("i");
  document.body.append(probe);
  const computed = color => { probe.style.backgroundColor = color; return getComputedStyle(probe).backgroundColor; };
  const parts = color => { const n = color.match(/[\\d.]+/g).map(Number); return n.length === 3 ? [...n, 1] : n; };
  const canvas = parts(computed("Canvas"));
  const over = (top, under) => [0, 1, 2].map(i => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
  const behind = element => {
    if (!element) return canvas;
    const own = parts(getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own : over(own, behind(element.parentElement));
  };
  const light = color => {
    const [r, g, b] = color.map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const weak = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const judge = (text, element, color) => {
    const style = getComputedStyle(element), back = behind(element), front = over(parts(color), back);
    const [bright, dark] = [light(front), light(back)].sort((a, b) => b - a), ratio = (bright + 0.05) / (dark + 0.05);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && +style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) weak.push(`${ratio.toFixed(2)} ${text.slice(0, 40)}`);
  };
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement, text = walker.currentNode.textContent.trim();
    if (text && element.checkVisibility()) judge(text, element, getComputedStyle(element).color);
  }
  for (const field of document.querySelectorAll("input[placeholder]"))
    judge(field.placeholder, field, getComputedStyle(field, "::placeholder").color);
  probe.remove();
  return weak;
}"""


def overflows(page: Page) -> bool:
    """Whether a page is wider than its window."""
    wide: bool = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return wide
