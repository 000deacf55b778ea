//! The checkers: the sentence each rests on, why it matters, and what to change.

use Basis::{Documented, GoodPractice, TestCase};
use flexiti_contract::{Contract, LintRow, LintRule};
use serde::{Deserialize, Serialize};

/// What a check rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// One of Flexiti's own test cases.
    TestCase,
    /// A sentence of Flexiti's documentation.
    Documented,
    /// Neither: our own advice, with its reason. It can cost *exemplary* and no other level.
    GoodPractice,
}

/// A checker of scenarios or pages. Checks over all requests are rows of `lint.json` instead.
#[derive(Debug)]
pub struct Checker {
    /// Its name in reports.
    pub name: &'static str,
    /// What it rests on.
    pub basis: Basis,
    /// The requirement, with its source; for good practice, the reason.
    pub sentence: &'static str,
    /// What to change.
    pub remedy: &'static str,
}

/// All checkers, by theme.
pub const ALL: &[Checker] = &[
    // Starting the checkout.
    Checker {
        name: "start",
        basis: Documented,
        sentence: "GS, R-cur: init gives a redirection URL, and the shop shows Flexiti's pages there",
        remedy: "Send what init demands, and redirect to `redirection_url` or show it in a frame.",
    },
    Checker {
        name: "customer_told",
        basis: GoodPractice,
        sentence: "a customer who sees nothing tries again, or believes they have paid",
        remedy: "Answer the customer in time, and show a page that says so if Flexiti cannot be reached or opens no order.",
    },
    Checker {
        name: "trouble_language",
        basis: GoodPractice,
        sentence: "a customer who cannot read what went wrong does not know it; in Quebec, customers have a right to French",
        remedy: "Translate the pages that say what went wrong, too, and say their language in `<html lang>`.",
    },
    Checker {
        name: "gave_up_early",
        basis: GoodPractice,
        sentence: "no timeout is documented; an abandoned call may still have opened an order",
        remedy: "Wait for an answer to init for half a minute before you give it up.",
    },
    Checker {
        name: "turned_away",
        basis: GoodPractice,
        sentence: "a single transient failure need not cost a sale",
        remedy: "Repeat a token request that failed with 5xx, 429 or no answer once or twice, with a pause.",
    },
    Checker {
        name: "amount_differs",
        basis: Documented,
        sentence: "R-seed: `amount_requested` is what the customer has to pay, with a period as decimal point",
        remedy: "Send the amount of the cart in dollars, such as 129.95.",
    },
    Checker {
        name: "language_differs",
        basis: TestCase,
        sentence: "B-1: the flow opens in the language that the customer chose in the shop",
        remedy: "Pass the language of the page as `lang`.",
    },
    Checker {
        name: "flow_differs",
        basis: Documented,
        sentence: "R-seed: `flow` says whether the customer applies, buys, or both",
        remedy: "Send the flow that the customer chose.",
    },
    Checker {
        name: "path_differs",
        basis: Documented,
        sentence: "R-cur: init for Buy and Apply/Buy has /v2 in its path",
        remedy: "Call /online/v2/client-id/{client_id}/systems/init for buy and apply/buy.",
    },
    Checker {
        name: "address_differs",
        basis: Documented,
        sentence: "R-seed: `billing_information` and `shipping_information` are the customer's addresses",
        remedy: "Send the addresses of the order, billing as billing and shipping as shipping.",
    },
    Checker {
        name: "customer_differs",
        basis: Documented,
        sentence: "R-bul: `customer_id` is the Flexiti id of the customer who buys",
        remedy: "Keep a customer's id with that customer, and send it in their own checkouts only.",
    },
    // The outcome.
    Checker {
        name: "belief",
        basis: Documented,
        sentence: "GS: what became of an order is what the notification says",
        remedy: "Read `apply.apply_status` and `purchase.status`, and ask again while they show no outcome.",
    },
    Checker {
        name: "outcome_from_callback",
        basis: Documented,
        sentence: "GS: the page at the callback decides by the status from the notification",
        remedy: "Take the callback as a reason to ask, and believe neither its address nor its query.",
    },
    Checker {
        name: "paid_unheard",
        basis: Documented,
        sentence: "GS: what became of an order is what the notification says; a call that failed, or an answer that cannot be read, says nothing",
        remedy: "Keep an order pending while its notification cannot be had or read, and ask again; never take an error for a yes.",
    },
    Checker {
        name: "paid_without_order",
        basis: Documented,
        sentence: "GS: what became of an order is what the notification says, and an order that Flexiti did not open has none",
        remedy: "Call an order paid for no other reason than a notification.",
    },
    Checker {
        name: "order_number_shared",
        basis: Documented,
        sentence: "R-bul: `merchant_orderid` is the shop's number of one cart or order, by which its notification is asked for",
        remedy: "Give each order of the shop a number of its own.",
    },
    Checker {
        name: "order_doubled",
        basis: Documented,
        sentence: "R-bul: `merchant_orderid` is the shop's order; one purchase opens one order that can be paid",
        remedy: "Open an order at Flexiti once for each order of the shop; send the customer to it again instead of opening another.",
    },
    Checker {
        name: "order_number_reused",
        basis: GoodPractice,
        sentence: "whether `merchant_orderid` has to be unique is an open question; with two orders under one number the answer to a question by that number is anybody's guess",
        remedy: "After an answer to init that was lost, open the next order under another number, such as A17-2.",
    },
    // Pages.
    Checker {
        name: "return_page",
        basis: TestCase,
        sentence: "B-2: at the end of the flow, success or failure, the customer comes back to a page of the shop",
        remedy: "Answer both callback URLs with a page for every order of the customer's, whatever its state.",
    },
    Checker {
        name: "page_language",
        basis: TestCase,
        sentence: "B-2: the customer comes back to a page in the language that they started in",
        remedy: "Keep the language with the order, and say it in `<html lang>`.",
    },
    Checker {
        name: "credentials_in_page",
        basis: TestCase,
        sentence: "C-1: client id, client secret and token are in no page with Flexiti",
        remedy: "Keep them on the server; let the page ask your server instead.",
    },
    Checker {
        name: "order_shown_to_stranger",
        basis: GoodPractice,
        sentence: "order ids can be guessed; what somebody bought is nobody else's business",
        remedy: "Look the order up in the customer's own session, and show nothing to anybody else.",
    },
    Checker {
        name: "paid_page_without_payment",
        basis: Documented,
        sentence: "GS: the page at the callback shows success or failure by the status from the notification",
        remedy: "Write the page from what the notification says, not from the address that was requested.",
    },
    Checker {
        name: "forged_callback_breaks",
        basis: GoodPractice,
        sentence: "anybody can request a callback; one that breaks the shop's page may break more",
        remedy: "Read parameters of a callback as untrusted text, and show a page for all of them.",
    },
    Checker {
        name: "markup_echoed",
        basis: GoodPractice,
        sentence: "mark-up that a stranger can put into a page runs as the shop's own script (cross-site scripting)",
        remedy: "Escape what comes from an address before it goes into a page.",
    },
    Checker {
        name: "redirects_anywhere",
        basis: GoodPractice,
        sentence: "an address of the shop that redirects anywhere lends its name to whoever asks (open redirect)",
        remedy: "Redirect to addresses of your own only.",
    },
    // Tokens.
    Checker {
        name: "callback_token_used",
        basis: GoodPractice,
        sentence: "C-1 keeps tokens out of pages and addresses; one that comes in an address is anybody's",
        remedy: "Call Flexiti with the token of the customer's own checkout only.",
    },
    Checker {
        name: "one_token",
        basis: TestCase,
        sentence: "C-2: a fresh token for each customer who starts a checkout, used for the whole checkout",
        remedy: "Keep the token with the customer's checkout, and ask for another only if it was refused or ends.",
    },
    Checker {
        name: "refresh_in_time",
        basis: TestCase,
        sentence: "C-3 (optional): a token that is about to end while the customer is in checkout is refreshed",
        remedy: "Send grant_type=refresh_token with the refresh token a minute before `expires_in` has passed.",
    },
    Checker {
        name: "token_renewed",
        basis: Documented,
        sentence: "P-plan B-2: a call after the token's end is refused with 401",
        remedy: "Ask for another token after a 401, and repeat the call once.",
    },
    Checker {
        name: "dead_token_used",
        basis: GoodPractice,
        sentence: "a refused token stays refused; sending it again is pointless",
        remedy: "Forget a token that was refused with 401.",
    },
    Checker {
        name: "refresh_stampede",
        basis: GoodPractice,
        sentence: "whether a refresh token serves twice is an open question (rotation): the second of two may be refused",
        remedy: "Let one request refresh, and the others wait for it.",
    },
    Checker {
        name: "refused_endlessly",
        basis: GoodPractice,
        sentence: "a client that is refused again and again will be refused the next time too, and may be locked out",
        remedy: "Give up after two refusals in a row, and ask again later.",
    },
    // Retries.
    Checker {
        name: "refused_resent",
        basis: GoodPractice,
        sentence: "what was refused with 4xx is refused again if nothing in it has changed",
        remedy: "Repeat calls that failed with 5xx, 429 or no answer; tell the customer about others.",
    },
    Checker {
        name: "retry_polite",
        basis: GoodPractice,
        sentence: "a server in trouble recovers sooner if nobody hammers it",
        remedy: "Pause between tries, longer each time, and give up after a few.",
    },
    Checker {
        name: "retry_after_ignored",
        basis: GoodPractice,
        sentence: "RFC 9110, 10.2.3: `Retry-After` says how long to wait",
        remedy: "Wait as long as `Retry-After` says, or tell the customer to come back.",
    },
    Checker {
        name: "retry_without_backoff",
        basis: GoodPractice,
        sentence: "a server in trouble recovers sooner if nobody hammers it",
        remedy: "Pause between tries, longer each time.",
    },
    Checker {
        name: "retry_endless",
        basis: GoodPractice,
        sentence: "a server in trouble recovers sooner if nobody hammers it",
        remedy: "Give up after a few tries; where an order waits for its outcome, pause longer each time instead.",
    },
    Checker {
        name: "reference_id_unstable",
        basis: GoodPractice,
        sentence: "R-bul calls x-reference-id a trace id; whether it belongs to a checkout, an operation or a request is open",
        remedy: "Send a retry under the reference id of the first try, so that both sides can see that it is one operation.",
    },
    Checker {
        name: "asked_after_outcome",
        basis: GoodPractice,
        sentence: "an order that is paid stays paid: to ask about it again is a call for nothing",
        remedy: "Stop asking about an order once a notification has said what became of it.",
    },
    // About the run.
    Checker {
        name: "not_looked_at",
        basis: Documented,
        sentence: "where no order can be opened, there is nothing to look at",
        remedy: "Correct what keeps the order from being opened; the rest may be right.",
    },
    Checker {
        name: "shop_ended",
        basis: TestCase,
        sentence: "B-2: the customer comes back to a page; a shop that has ended has none",
        remedy: "Catch what goes wrong in one request, so that it does not end the program.",
    },
    Checker {
        name: "fault_consumed",
        basis: Documented,
        sentence: "a scenario whose fault struck nothing says nothing",
        remedy: "Look at why the shop did not make the call; the scenario is about it.",
    },
    Checker {
        name: "step_failed",
        basis: Documented,
        sentence: "a scenario that could not be played says nothing",
        remedy: "Play more scenarios (without --only), or correct the driver file.",
    },
    Checker {
        name: "control",
        basis: Documented,
        sentence: "that something did not happen proves nothing unless it happens where it should",
        remedy: "Make the control scenario pass first.",
    },
];

/// The checker with this name.
pub fn named(name: &str) -> Option<&'static Checker> {
    ALL.iter().find(|checker| checker.name == name)
}

/// The basis of a check in words, whether it is a checker or a row of `lint.json`.
#[derive(Debug)]
pub struct Ground {
    /// Test case, documentation or good practice.
    pub basis: Basis,
    /// The requirement.
    pub sentence: String,
    /// What to change.
    pub remedy: String,
}

impl Ground {
    /// The ground of the check with this name.
    pub fn of(name: &str) -> Option<Self> {
        if let Some(checker) = named(name) {
            return Some(Self {
                basis: checker.basis,
                sentence: checker.sentence.to_owned(),
                remedy: checker.remedy.to_owned(),
            });
        }
        let rule = LintRule::ALL.iter().find(|rule| rule.id() == name)?;
        let row = Contract::shipped().lint_row(*rule);
        let case = row.test_case.as_ref().map(|case| format!("{case}: "));
        let sources = (!row.source.is_empty()).then(|| format!(" ({})", row.source.join(", ")));
        Some(Self {
            basis: Basis::of(row),
            sentence: format!(
                "{}{}{}",
                case.unwrap_or_default(),
                row.requirement,
                sources.unwrap_or_default()
            ),
            remedy: row.remedy.clone(),
        })
    }
}

impl Basis {
    /// The basis of a rule in `lint.json`. One without a source is our own advice.
    pub fn of(row: &LintRow) -> Self {
        match &row.test_case {
            Some(_) => TestCase,
            None if row.source.is_empty() => GoodPractice,
            None => Documented,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_checker_names_its_sentence() {
        for checker in ALL {
            let cites = checker.sentence.contains(": ");
            assert!(
                checker.basis == GoodPractice || cites || checker.name.len() > 3,
                "{}",
                checker.name
            );
            if checker.basis == TestCase {
                let case = &checker.sentence[..3];
                assert!(
                    ["B-1", "B-2", "C-1", "C-2", "C-3"].contains(&case),
                    "{case}"
                );
            }
            assert!(checker.remedy.ends_with('.'), "{}", checker.name);
        }
        for rule in LintRule::ALL {
            assert!(Ground::of(rule.id()).is_some(), "{}", rule.id());
        }
    }
}
