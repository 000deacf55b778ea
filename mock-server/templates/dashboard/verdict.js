// What a fault left of an answer: in place of its status, or beside it.
const LOST = { lost_response: "answer lost", empty: "no answer", reset: "reset" };
const BROKEN = { truncate: "cut off", malformed: "bad JSON", malformed_chunking: "bad frame", wrong_type: "HTML" };

// What became of a request, for whoever sent it.
function fate(row) {
  if (row.status === 0) return ["", "no answer"];
  if (LOST[row.fault]) return ["", LOST[row.fault]];
  if (BROKEN[row.fault]) return [row.status, BROKEN[row.fault]];
  return null;
}

// The colour of a status, a sign, the status and a word: nobody needs the colour.
export function verdict(row) {
  const broken = fate(row);
  if (broken) return ["fail", "!", ...broken];
  const [colour, sign, word] = plain(row);
  return [colour, sign, row.status, word];
}

function plain(row) {
  if (row.status >= 500) return ["fail", "!", "failed"];
  if (row.status >= 400) return ["bad", "×", "refused"];
  if (row.status >= 300) return ["soft", "→", "redirect"];
  return row.violations.length ? ["bad", "×", "refused"] : ["good", "✓", "ok"];
}
