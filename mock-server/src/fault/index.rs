//! An index of a plan by parameter: most plans with many faults tell them apart by one.

use crate::call_kind::CallKind;
use crate::fault::planned::{MatchInput, Planned};
use rustc_hash::FxHashMap;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

/// The indices in the plan, in order, of the faults that are not used up.
#[derive(Debug, Default)]
pub(super) struct Index(FxHashMap<CallKind, Here>);

/// The faults for one kind of call.
#[derive(Debug, Default)]
struct Here {
    /// Those without parameters.
    any: Vec<usize>,
    /// The others, by the name and value of their first parameter. Clients choose the values, so
    /// the map of values uses a hasher that resists collision attacks.
    by_param: FxHashMap<String, HashMap<String, Vec<usize>>>,
    /// The names of all parameters that any of these faults matches.
    names: Arc<[String]>,
}

impl Index {
    pub(super) fn new(plan: &[Planned]) -> Self {
        let mut index = Self::default();
        for (at, planned) in plan.iter().enumerate() {
            if planned.is_spent() {
                continue;
            }
            for kind in &planned.places {
                let here = index.0.entry(*kind).or_default();
                here.list(planned).push(at);
                let wanted = &planned.fault.matching.params;
                if wanted.keys().any(|name| !here.names.contains(name)) {
                    let new = wanted.keys().filter(|name| !here.names.contains(name));
                    here.names = here.names.iter().chain(new).cloned().collect();
                }
            }
        }
        index
    }

    /// Removes a fault that is now used up.
    pub(super) fn spent(&mut self, at: usize, planned: &Planned) {
        for kind in &planned.places {
            if let Some(here) = self.0.get_mut(kind) {
                let list = here.list(planned);
                if let Ok(place) = list.binary_search(&at) {
                    list.remove(place);
                }
            }
        }
    }

    /// The names of the parameters that faults for this kind of call match.
    pub(super) fn names(&self, kind: CallKind) -> Option<Arc<[String]>> {
        let names = &self.0.get(&kind)?.names;
        (!names.is_empty()).then(|| Arc::clone(names))
    }

    /// The indices of the faults that may match a request, in order.
    pub(super) fn candidates(&self, input: &MatchInput<'_>) -> Cow<'_, [usize]> {
        let Some(here) = self.0.get(&input.kind) else {
            return Cow::default();
        };
        if here.by_param.is_empty() {
            return Cow::Borrowed(&here.any);
        }
        let mut all = here.any.clone();
        let params = input.params();
        for (name, values) in &here.by_param {
            let sent = params.get(name).and_then(Value::as_str);
            all.extend(sent.and_then(|sent| values.get(sent)).into_iter().flatten());
        }
        all.sort_unstable();
        Cow::Owned(all)
    }
}

impl Here {
    /// The list that a fault belongs to.
    fn list(&mut self, planned: &Planned) -> &mut Vec<usize> {
        match planned.fault.matching.params.first_key_value() {
            None => &mut self.any,
            Some((name, value)) => {
                let values = self.by_param.entry(name.clone()).or_default();
                values.entry(value.clone()).or_default()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::plan::FaultPlan;
    use flexiti_contract::Endpoint;
    use serde_json::json;

    const INIT: CallKind = CallKind::Api(Endpoint::InitV2);

    fn plan(matches: &[Value]) -> Vec<Planned> {
        let fault = |matching| json!({"match": matching, "action": {"type": "empty"}});
        let faults: Vec<Value> = matches.iter().map(fault).collect();
        let plan = FaultPlan::read(json!({"faults": faults})).unwrap();
        let planned = plan.faults.into_iter().zip(0..);
        planned
            .map(|(fault, serial)| Planned::new(fault, serial))
            .collect()
    }

    fn candidates(index: &Index, kind: CallKind, params: &Value) -> Vec<usize> {
        let read = || params.as_object().cloned().unwrap_or_default();
        let found = index.candidates(&MatchInput::new(kind, 0, &read));
        found.into_owned()
    }

    #[test]
    fn no_fault_that_is_for_a_request_is_passed_over() {
        let matches = [
            json!({}),
            json!({"endpoint": "init"}),
            json!({"endpoint": "token", "params": {"scope": "customer"}}),
            json!({"params": {"lang": "fr"}}),
            json!({"endpoint": "init", "params": {"fname": "A", "lang": "fr"}}),
            json!({"endpoint": "callback"}),
            json!({"endpoint": "init", "params": {"lang": "en"}, "nth": 2}),
        ];
        let mut plan = plan(&matches);
        let mut index = Index::new(&plan);
        for used_up in 0..=plan.len() {
            for kind in CallKind::all() {
                for params in [
                    json!({}),
                    json!({"lang": "fr"}),
                    json!({"lang": "en", "fname": "A", "scope": "customer"}),
                    json!({"lang": "fr", "fname": "A"}),
                ] {
                    let read = || params.as_object().cloned().unwrap_or_default();
                    let input = MatchInput::new(kind, 0, &read);
                    let is_for = |at: &usize| {
                        let planned = &plan[*at];
                        planned.places.contains(&kind)
                            && !planned.is_spent()
                            && planned.is_for(&input)
                    };
                    let all: Vec<usize> = (0..plan.len()).filter(is_for).collect();
                    let mut found = index.candidates(&input).into_owned();
                    found.retain(|at| plan[*at].is_for(&input));
                    assert_eq!(found, all, "{kind} {params}");
                }
            }
            if let Some(planned) = plan.get_mut(used_up) {
                planned.struck = 1;
                index.spent(used_up, planned);
            }
        }
        // A new index of a plan with used-up faults agrees.
        assert!(candidates(&Index::new(&plan), INIT, &json!({"lang": "fr"})).is_empty());
        assert!(candidates(&index, INIT, &json!({"lang": "fr"})).is_empty());
    }

    #[test]
    fn a_request_looks_at_few_of_many_faults() {
        let of_order =
            |at| json!({"endpoint": "init", "params": {"merchant_orderid": format!("O-{at}")}});
        let elsewhere = |_| json!({"endpoint": "token"});
        let mut matches: Vec<Value> = (0..500).map(of_order).collect();
        matches.extend((0..500).map(elsewhere));
        let index = Index::new(&plan(&matches));
        let found = |params: Value| candidates(&index, INIT, &params);
        assert_eq!(found(json!({"merchant_orderid": "O-77"})), [77]);
        assert!(found(json!({"merchant_orderid": "O-500", "lang": "en"})).is_empty());
        let names = index.names(INIT).unwrap();
        assert_eq!(*names, ["merchant_orderid".to_owned()]);
        assert!(index.names(CallKind::Api(Endpoint::Token)).is_none());
    }
}
