// The joined script, as the program carries it: it must be one that a browser can read.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import vm from "node:vm";

test("the joined script parses, no name is taken twice, and no module is left in it", () => {
  const parts = [...readFileSync(process.env.REPORT_PAGE, "utf8").matchAll(/R"~page~\(([^]*?)\)~page~"/g)].map(match => match[1]);
  assert.equal(parts.length, 3);
  const [, script] = /<script>\n([^]*)<\/script>/.exec(parts[2]);
  new vm.Script(script);
  assert.ok(!/^(import|export)\b/m.test(script));
  // Nothing in it may end the element it stands in, or open a comment there.
  assert.ok(!/<\/script|<!--|<script/i.test(script));
});
