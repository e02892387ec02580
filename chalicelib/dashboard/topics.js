// Topics: which tasks hear which, what goes outside, and publishing an event by hand.

import { get, lacks, post } from "./api.js";
import { ask } from "./dialogs.js";
import { button, h, head, jobLink, link, nothing, say, table } from "./dom.js";
import { field, input, jsonField, readJson } from "./fields.js";

export async function topics({ refresh, memory, every }) {
  every(15000);
  const { topics: found } = await get("topics");
  const publish = async (topic) => {
    const done = await ask({
      title: "Publish an event", yes: "Publish it",
      words: "Each task that hears of it runs once, as a job of its own.",
      fields: [field("Topic", input("topic", { value: topic, required: true, placeholder: "order.paid" })), jsonField("payload", "Payload", {}, "any JSON value that all subscribers take"), field("Id", input("id"), "yours to choose: the same within 24 hours is the same event")],
      act: (values) => post(`topics/${encodeURIComponent(values.topic)}/events`, { payload: readJson(values, "payload"), ...(values.id ? { id: values.id } : {}) }),
    });
    if (done) { memory.event = done; say(done.jobs.length ? `${done.jobs.length} jobs are accepted.` : "Nobody hears of it."); }
    refresh();
  };
  const event = memory.event;
  return [
    head("Topics", button("Publish an event…", () => publish(""), { primary: true, off: lacks("submit") })),
    h("p", { class: "lead" }, "Whoever publishes need not know who listens. Any other topic may be published to; nobody hears it."),
    event ? h("section", { class: "receipt", "data-key": "event" }, h("h2", {}, `Published to ${event.topic}`), h("p", {}, "Event ", h("code", {}, event.id)), table(["Job", "Task"], event.jobs.map((one) => [jobLink(one.id), one.task]), "Nobody hears of it.")) : null,
    table(["Topic", "Heard by", "Outside", ""], found.map((one) => [
      h("code", {}, one.topic), one.tasks.length ? one.tasks.map((name, n) => [n ? ", " : "", link(`jobs?task=${encodeURIComponent(name)}`, name)]) : "no task", one.external ? "by SNS" : "–",
      one.topic.includes("*") || one.topic.startsWith("job.") ? null : button("Publish…", () => publish(one.topic), { label: `Publish to ${one.topic}`, off: lacks("submit") }),
    ]), nothing("No task listens. Let one:", h("pre", {}, '@on("order.paid")\ndef send_receipt(event): ...')), { keys: found.map((one) => one.topic), label: "Topics" }),
  ];
}
