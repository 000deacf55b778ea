//! The shop's dialog around Flexiti's pages, as somebody without a mouse sees it.

use super::Shop;
use crate::browser::driver::browse;
use fantoccini::key::Key;
use serde_json::json;

#[test]
fn the_focus_ring_in_the_dialog_is_whole() {
    let shop = Shop::open("documented");
    browse(async |browser| {
        for width in [390, 1280] {
            browser.screen(width, "light").await;
            browser
                .go(&format!("http://{}/?lang=en", shop.address))
                .await;
            browser
                .js("document.querySelector('[value=apply]').checked = true")
                .await;
            browser.press("form[data-modal] button").await;
            browser
                .until("return document.querySelector('dialog').open")
                .await;
            // How far the ring goes beyond the dialog or what is seen of it, in pixels.
            let beyond = "const e = document.activeElement, s = getComputedStyle(e), r = e.getBoundingClientRect();
                 const ring = parseFloat(s.outlineOffset) + parseFloat(s.outlineWidth);
                 const box = document.querySelector('dialog'), d = box.getBoundingClientRect();
                 const over = Math.max(d.left + box.clientLeft - (r.left - ring), d.top + box.clientTop - (r.top - ring),
                     r.right + ring - d.right + box.clientLeft, r.bottom + ring - d.bottom + box.clientTop);
                 return [e.tagName, s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2, over <= 0.5, ring > 0]";
            assert_eq!(
                browser.js(beyond).await,
                json!(["A", true, true, true]),
                "{width}"
            );
            browser.tap(Key::Tab).await;
            let at = browser.js(beyond).await;
            assert_eq!(at[0], "IFRAME", "{width}");
            // Where a browser draws one around the frame, it is whole as well.
            browser
                .js("Object.assign(document.querySelector('iframe').style, { outline: '3px solid', outlineOffset: '2px' })")
                .await;
            assert_eq!(browser.js(beyond).await[2], true, "{width}");
        }
    });
}
