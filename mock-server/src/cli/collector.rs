//! OpenTelemetry's environment variables that enable traces and set their destination.

use anyhow::{Context as _, ensure};
use url::Url;

/// The URL to send traces to by OTLP over HTTP; `None` if they are not enabled. An error names the
/// variable.
pub fn collector() -> anyhow::Result<Option<Url>> {
    let asked = asked(&|name| std::env::var(name).ok().filter(|value| !value.is_empty()))?;
    if asked.is_some() && !cfg!(feature = "otel") {
        tracing::warn!("this build sends no traces: it was made without the feature `otel`");
        return Ok(None);
    }
    Ok(asked)
}

fn asked(read: &dyn Fn(&str) -> Option<String>) -> anyhow::Result<Option<Url>> {
    let is = |name: &str, word: &str| read(name).is_some_and(|it| it.eq_ignore_ascii_case(word));
    if is("OTEL_SDK_DISABLED", "true") || is("OTEL_TRACES_EXPORTER", "none") {
        return Ok(None);
    }
    let own = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
    let general = "OTEL_EXPORTER_OTLP_ENDPOINT";
    let (name, text) = match (read(own), read(general)) {
        (Some(text), _) => (own, text),
        (None, Some(text)) => (general, format!("{}/v1/traces", text.trim_end_matches('/'))),
        (None, None) => return Ok(None),
    };
    let protocol = [
        "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
        "OTEL_EXPORTER_OTLP_PROTOCOL",
    ];
    let protocol = protocol
        .into_iter()
        .find_map(|name| Some((name, read(name)?)));
    if let Some((name, word)) = protocol.filter(|(_, word)| word == "grpc") {
        // Other programs of a cluster may need it; that is no reason to refuse to start.
        tracing::warn!(
            "{name}: `{word}` is not supported, so no traces are sent; use http/protobuf or http/json"
        );
        return Ok(None);
    }
    let url = Url::parse(&text).with_context(|| format!("{name}: not a URL"))?;
    ensure!(
        matches!(url.scheme(), "http" | "https") && url.has_host(),
        "{name}: expected http://HOST:PORT or https://HOST:PORT"
    );
    ensure!(
        url.username().is_empty() && url.password().is_none(),
        "{name}: put the user name and password into OTEL_EXPORTER_OTLP_HEADERS"
    );
    Ok(Some(url))
}

#[cfg(test)]
mod tests {
    use super::asked;

    fn of(variables: &[(&str, &str)]) -> Result<Option<String>, String> {
        let read = |name: &str| {
            let mut all = variables.iter();
            all.find(|(own, _)| *own == name)
                .map(|(_, value)| (*value).to_owned())
        };
        asked(&read)
            .map(|url| url.map(String::from))
            .map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn the_variables_say_where_traces_go() {
        const GENERAL: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
        const OWN: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
        let here = (GENERAL, "http://127.0.0.1:4318");
        let traces = Ok(Some("http://127.0.0.1:4318/v1/traces".to_owned()));
        assert_eq!(of(&[]), Ok(None));
        assert_eq!(of(&[here]), traces);
        assert_eq!(of(&[(GENERAL, "http://127.0.0.1:4318/")]), traces);
        let below = Ok(Some("https://collect.example/otlp/v1/traces".to_owned()));
        assert_eq!(of(&[(GENERAL, "https://collect.example/otlp")]), below);
        let exact = Ok(Some("http://127.0.0.1:9/in".to_owned()));
        assert_eq!(of(&[here, (OWN, "http://127.0.0.1:9/in")]), exact);
        for off in [
            ("OTEL_SDK_DISABLED", "TRUE"),
            ("OTEL_TRACES_EXPORTER", "none"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ] {
            assert_eq!(of(&[here, off]), Ok(None), "{off:?}");
        }
        // The variable for traces takes precedence.
        let http = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json");
        assert_eq!(
            of(&[here, ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), http]),
            traces
        );
    }

    #[test]
    fn what_is_no_address_is_named_and_no_password_is_repeated() {
        for wrong in [
            "4318",
            "ftp://127.0.0.1",
            "http://ann:opensesame@127.0.0.1:4318",
        ] {
            let error = of(&[("OTEL_EXPORTER_OTLP_ENDPOINT", wrong)]).unwrap_err();
            assert!(error.contains("OTEL_EXPORTER_OTLP_ENDPOINT: "), "{error}");
            assert!(!error.contains("opensesame"), "{error}");
        }
    }
}
