// Reads one JSON request a line on standard input and answers with one JSON line each, in order.
//
//   {"kind": "workflow" | "action", "path", "text", "features"?}   -> {"errors": [{"message", "line", "col"}]}
//   {"kind": "expression", "mode": "parse" | "evaluate", "text", "contexts", "functions"?, "data"?}
//                                                                  -> {"ok": true, "value"?} | {"ok": false, "error", "pos"?}
//
// Lines and columns are 1-based as GitHub gives them; null where GitHub names no place.
import { createInterface } from "node:readline";
import { data, Evaluator, FeatureFlags, Lexer, Parser } from "@actions/expressions";
import { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } from "@actions/workflow-parser";
import { parseAction } from "@actions/workflow-parser/actions/action-parser";
import { getActionSchema } from "@actions/workflow-parser/actions/action-schema";
import { convertActionTemplate } from "@actions/workflow-parser/actions/action-template";
import { TemplateContext, TemplateValidationErrors } from "@actions/workflow-parser/templates/template-context";
import { getWorkflowSchema } from "@actions/workflow-parser/workflows/workflow-schema";

const trace = new NoOperationTraceWriter();

function describe(errors) {
  return errors.map(error => ({
    message: error.rawMessage,
    line: error.range?.start.line ?? null,
    col: error.range?.start.column ?? null,
  }));
}

async function judge(request) {
  const isAction = request.kind === "action";
  const context = new TemplateContext(
    new TemplateValidationErrors(),
    isAction ? getActionSchema() : getWorkflowSchema(),
    trace,
  );
  const features = new FeatureFlags(request.features ?? {});
  // The reader looks at the flags before the converter has set them.
  context.state.featureFlags = features;
  const file = { name: request.path, content: request.text };
  const { value } = isAction ? parseAction(file, context) : parseWorkflow(file, context);
  if (value) {
    if (isAction) {
      convertActionTemplate(context, value);
    } else {
      await convertWorkflowTemplate(context, value, undefined, { featureFlags: features });
    }
  }
  return { errors: describe(context.errors.getErrors()) };
}

function judgeExpression(request) {
  try {
    const { tokens } = new Lexer(request.text).lex();
    const contexts = request.contexts ?? Object.keys(request.data ?? {});
    const tree = new Parser(tokens, contexts, request.functions ?? []).parse();
    if (request.mode !== "evaluate") {
      return { ok: true };
    }
    const values = JSON.parse(JSON.stringify(request.data ?? {}), data.reviver);
    const result = new Evaluator(tree, values).evaluate();
    return { ok: true, value: JSON.parse(JSON.stringify(result, data.replacer)) };
  } catch (error) {
    return { ok: false, error: error.message, pos: error.pos ?? null };
  }
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  if (line.trim() === "") continue;
  let answer;
  try {
    const request = JSON.parse(line);
    answer = request.kind === "expression" ? judgeExpression(request) : await judge(request);
  } catch (error) {
    // An exception is a verdict too (the file is not accepted); the caller sees that it was one.
    answer = { errors: [{ message: String(error?.message ?? error), line: null, col: null }], crashed: true };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
