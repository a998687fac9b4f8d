// Chromium by Playwright, driven by lines of JSON: {"do": NAME, ...} is answered by {"ok": VALUE} or
// {"error": TEXT}. What the page says on its console, and what it asks of other hosts, is kept.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = await chromium.launch({
  executablePath: process.argv[2], args: process.getuid() === 0 ? ["--no-sandbox"] : [],
});
let context, page, said = [], foreign = [];

const actions = {
  async open({ base, width, height, scheme, script }) {
    await context?.close();
    [said, foreign] = [[], []];
    context = await browser.newContext({
      baseURL: base, viewport: { width, height }, colorScheme: scheme, javaScriptEnabled: script,
    });
    page = await context.newPage();
    page.setDefaultTimeout(60000);
    page.on("console", message => {
      if (["error", "warning"].includes(message.type())) said.push(message.text());
    });
    page.on("pageerror", error => said.push(String(error)));
    page.on("request", request => {
      if (!request.url().startsWith(base)) foreign.push(request.url());
    });
  },
  size: ({ width, height }) => page.setViewportSize({ width, height }),
  scheme: ({ scheme }) => page.emulateMedia({ colorScheme: scheme }),
  async goto({ path }) { return (await page.goto(path)).status(); },
  fill: ({ label, value }) => page.getByLabel(label, { exact: true }).fill(value),
  press: ({ key }) => page.keyboard.press(key),
  async click({ role, name }) { await page.getByRole(role, { name, exact: true }).first().click(); },
  async check({ name }) { await page.getByRole("checkbox", { name, exact: true }).check(); },
  async wait({ text }) { await page.getByText(text).first().waitFor(); },
  text: () => page.locator("main").innerText(),
  path: () => new URL(page.url()).pathname,
  attribute: ({ selector, name }) => page.locator(selector).first().getAttribute(name),
  content: ({ selector }) => page.locator(selector).first().textContent(),
  focused: () => page.evaluate(() => {
    const one = document.activeElement, style = getComputedStyle(one);
    return [one.tagName, one.textContent.trim() || one.name || "", style.outlineStyle];
  }),
  // How far the page is wider than the screen, in pixels.
  overflow: () => page.evaluate(() =>
    document.documentElement.scrollWidth - document.documentElement.clientWidth),
  milliseconds: () => page.evaluate(() => {
    const [one] = performance.getEntriesByType("navigation");
    return one.responseEnd - one.requestStart;
  }),
  background: () => page.evaluate(() => getComputedStyle(document.body).backgroundColor),
  async axe() {
    await page.evaluate(axe);
    const result = await page.evaluate(() => window.axe.run(document));
    return result.violations.map(one =>
      `${one.id}: ${one.nodes.map(node => node.html).slice(0, 3).join(" | ")}`);
  },
  screenshot: ({ path }) => page.screenshot({ path, fullPage: true }).then(() => null),
  said: () => said,
  foreign: () => foreign,
};

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  try {
    const value = await actions[command.do](command);
    console.log(JSON.stringify({ ok: value ?? null }));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error) }));
  }
}
await browser.close();
