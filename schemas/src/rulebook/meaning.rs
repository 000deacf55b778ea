//! Compares what clauses mean in two dialects.

use crate::clause::Clause;
use crate::resolve;
use crate::rulebook::Rulebook;
use serde_json::{Value, json};

impl Rulebook {
    /// What a clause means in this dialect, in a comparable form.
    pub fn meaning(&self, clause: &Clause) -> Value {
        if !self.is_active(&clause.id) {
            return Value::Null;
        }
        let bodies = self.requests.iter().chain(&self.responses);
        let fragments: Vec<Value> = bodies
            .flat_map(|(endpoint, body)| {
                resolve::fragments(&body.schema, &clause.id)
                    .into_iter()
                    .map(|fragment| json!([endpoint.id(), fragment]))
            })
            .collect();
        let knobs: Vec<&Value> = clause
            .knobs
            .iter()
            .map(|k| self.dialect.answer(k))
            .collect();
        json!({"fragments": fragments, "knobs": knobs, "refusal": self.refusal_of(&clause.id).map(|r| (r.status.as_u16(), r.error)), "msg": self.msg_of(&clause.id)})
    }

    /// The clauses that hold here and mean something else in `other`, or do not hold there.
    pub fn differing(&self, other: &Self) -> Vec<&'static str> {
        self.clauses()
            .filter(|clause| self.meaning(clause) != other.meaning(clause))
            .map(|clause| clause.id.as_str())
            .collect()
    }
}
