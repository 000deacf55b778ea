//! The scripts of a page and their source maps, which reach the browser like the page itself.

use crate::merchant::stage::browser::html;
use reqwest::Url;

/// The URLs of a page's scripts on the same host.
pub fn of(page: &str, text: &str) -> Vec<String> {
    let whole = html::quoted(text);
    let Ok(parsed) = tl::parse(&whole, tl::ParserOptions::default()) else {
        return Vec::new();
    };
    let parser = parsed.parser();
    let scripts = parsed.query_selector("script").into_iter().flatten();
    let sources = scripts.filter_map(|handle| {
        let attributes = handle.get(parser)?.as_tag()?.attributes();
        let source = attributes.get("src").flatten()?;
        own(page, &source.as_utf8_str())
    });
    sources.collect()
}

/// The URL of a script's source map.
pub fn source_map(script: &str, text: &str) -> Option<String> {
    let (_, named) = text.rsplit_once("sourceMappingURL=")?;
    let named = named.split_whitespace().next()?;
    own(script, named)
}

/// Resolves a link, if it stays on the same host.
fn own(base: &str, link: &str) -> Option<String> {
    let base = Url::parse(base).ok()?;
    let url = base.join(link).ok()?;
    (url.origin() == base.origin()).then(|| url.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scripts_of_a_page_are_those_of_its_own_host() {
        let page = "http://shop.test/cart/";
        let text = r#"<script src="app.js"></script><script>1</script><script src=/x.js></script>
            <script src="https://cdn.test/y.js"></script>"#;
        let found = of(page, text);
        assert_eq!(
            found,
            ["http://shop.test/cart/app.js", "http://shop.test/x.js"]
        );
        let map = source_map(&found[0], "x()\n//# sourceMappingURL=app.js.map\n");
        assert_eq!(map.as_deref(), Some("http://shop.test/cart/app.js.map"));
    }
}
