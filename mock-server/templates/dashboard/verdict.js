// What became of a request, for whoever sent it.

// What a fault leaves of an answer: whether its status came, a word in a row, and a sentence.
const FAULTS = {
  lost_response: [false, "answer lost", "The mock did what it was asked to, and closed the connection without an answer."],
  empty: [false, "no answer", "The connection was closed without an answer. Nothing was done."],
  reset: [false, "reset", "The connection was reset without an answer. Nothing was done."],
  no_callback: [false, "held back", "The customer stayed here: the callback never reached the shop."],
  truncate: [true, "cut off", "The answer broke off before its end."],
  malformed: [true, "bad JSON", "The body was broken JSON."],
  malformed_chunking: [true, "bad frame", "The framing of the body was broken: nothing can read it."],
  wrong_type: [true, "HTML", "An HTML page came in place of JSON."],
};
// The answer came whole.
const OTHERS = {
  status: "This status was planned. Nothing was done.",
  maintenance: "The planned maintenance refused it. Nothing was done.",
  expire_token: "Its token was made to expire just before.",
  late_notification: "It was told of no outcome yet, although there is one.",
  duplicate_callback: "The callback reached the shop twice.",
  dribble: "The answer came in small pieces.",
};
const LATE = ["delay", "delay_uniform", "delay_lognormal"];

// The fault in a sentence.
export const sentence = ({ fault }) => (LATE.includes(fault) ? "The answer was held back for the planned time." : FAULTS[fault]?.[2] ?? OTHERS[fault]);

// Whether the answer that the mock made never came.
export const isLost = ({ fault }) => FAULTS[fault]?.[0] === false;

// The colour of a status, a sign, the status and a word: nobody needs the colour.
export function verdict(row) {
  const [came, word] = FAULTS[row.fault] ?? [];
  if (word) return ["fail", "!", came ? row.status : "", word];
  if (row.status === 0) return ["fail", "!", "", "no answer"];
  if (row.status >= 500) return ["fail", "!", row.status, "failed"];
  if (row.status >= 400 || row.violations.length) return ["bad", "×", row.status, "refused"];
  if (row.status >= 300) return ["soft", "→", row.status, "redirect"];
  const late = LATE.includes(row.fault) ? ", late" : row.fault === "dribble" ? ", slow" : "";
  return ["good", "✓", row.status, `ok${late}`];
}
