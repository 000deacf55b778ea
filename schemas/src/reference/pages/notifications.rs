//! Notifications: the outcome of an order.

use super::shared::{Source, commands, endpoint, refused, tail};
use crate::endpoint::Endpoint;
use crate::reference::document::{Block, Page, heading, paragraph, prose};
use crate::reference::questions::Scope;
use crate::reference::{answers, errors};

const SCOPE: Scope = Scope {
    families: &["notification"],
    bodies: &["notification.request", "notification.response"],
    knobs: &[
        "notification_",
        "old_notification",
        "apply_status",
        "purchase_",
        "merchant_order_id_shared",
    ],
};

pub(super) fn page(source: &Source<'_>) -> Page {
    let rulebook = source.rulebook;
    let mut blocks = vec![paragraph(
        "Ask for the outcome of an order after the customer has come back. The notification alone decides whether the order is paid: never the URL that the customer came back to.",
    )];
    let ids = [
        Endpoint::NotificationOrder,
        Endpoint::NotificationMerchantOrder,
        Endpoint::NotificationOld,
    ];
    let served: Vec<Endpoint> = ids.into_iter().filter(|id| rulebook.serves(*id)).collect();
    for id in &served {
        blocks.extend(endpoint(source, *id));
        let own = source
            .examples
            .iter()
            .filter(|example| example.endpoint == *id);
        blocks.extend(own.flat_map(commands));
    }
    blocks.push(heading(2, "notification-parameters", "Parameters"));
    let path = [
        "`clientId` (path): the client that the token was issued to.",
        "`orderId` (path): the `online_order_id` that init returned.",
        "`merchantOrderId` (path): the `merchant_orderid` that init was sent, percent-encoded.",
    ];
    blocks.push(Block::List(path.iter().map(|item| prose(item)).collect()));
    blocks.push(heading(2, "notification-answers", "Answers"));
    for (title, body) in answers::notifications(rulebook) {
        blocks.push(paragraph(&format!("{title}, 200:")));
        blocks.push(answers::body(&body));
    }
    blocks.extend(answers::members(rulebook, Endpoint::NotificationOrder));
    blocks.extend(refused(
        source,
        Endpoint::NotificationOrder,
        "notification.unknown",
        None,
    ));
    blocks.push(heading(2, "notification-errors", "Errors"));
    blocks.push(errors::table_of(rulebook, &served, &["notification"]));
    blocks.extend(tail(source, "notification", &SCOPE));
    Page {
        id: "notifications".into(),
        title: "Notifications: the outcome of an order".into(),
        blocks,
    }
}
