//! One refused message: why, in the reader's language, what exactly was sent, and what can be done with it.

use super::list::{Row, reason};
use domain::{id::QuarantineId, telemetry::quarantine::Quarantined};
use maud::{Markup, html};
use service::{command::CommandError, scope};
use std::borrow::Cow;
use web::{
    actions::{Actions, Page, Posted},
    deps::Deps,
    icon::icon,
    layout,
    request::{User, View},
    time::rfc3339,
};

/// Characters of a payload shown on the page; the file has all that is kept.
const SHOWN: usize = 600;

pub fn draw(view: &View, row: &Row, actions: &Actions<Row>, refused: &Posted) -> Markup {
    let (lang, kept) = (view.lang, &row.kept);
    let text = readable(kept);
    let shown: String = text.chars().take(SHOWN).collect();
    let cut = shown.len() < text.len() || kept.payload.len() as u64 != kept.payload_bytes;
    html! {
        article.card.pad.refused {
            header {
                h2 { (icon("alert")) (reason(lang, &kept.reason)) @if kept.count > 1 { span.pill { "× " (kept.count) } } }
                span.hint { time datetime=(rfc3339(kept.received_at)) { (lang.date_time(kept.received_at, view.zone)) } }
            }
            p.sub {
                @if let Some(id) = kept.device { a href={ "/devices/" (id) } { (row.sender(view)) } } @else { (row.sender(view)) }
                @if !kept.topic.is_empty() { " · " code { (kept.topic) } }
                @if !kept.detail.is_empty() { " · " (kept.detail) }
            }
            @if !kept.payload.is_empty() {
                pre.payload tabindex="0" { (shown) @if cut { "…" } }
                p.hint { (lang.count("quarantine-bytes", kept.payload_bytes.cast_signed())) }
            }
            div.act { (actions.press(view, row, refused, "replay")) (actions.press(view, row, refused, "discard")) }
        }
    }
}

/// Text as it is; other bytes as their hexadecimal digits, in pairs.
pub fn readable(row: &Quarantined) -> Cow<'_, str> {
    let payload = row.payload.as_slice();
    let is_cut = payload.len() as u64 != row.payload_bytes;
    let plain = |text: &&str| !text.chars().any(|letter| letter.is_control() && !letter.is_whitespace());
    let text = match std::str::from_utf8(payload) {
        // What was cut may end within a letter.
        Err(error) if is_cut && error.error_len().is_none() => {
            std::str::from_utf8(&payload[..error.valid_up_to()]).ok()
        }
        text => text.ok(),
    };
    match text.filter(plain) {
        Some(text) => text.into(),
        None => payload.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ").into(),
    }
}

/// A message that could not be sent through again stands alone, with the reason.
impl Page for Row {
    type Id = QuarantineId;

    async fn load(deps: &Deps, _: &View, user: &User, id: QuarantineId) -> Result<Self, CommandError> {
        let kept = scope::quarantined(deps.records.read(), user.scope(), id).await?;
        Self::of(deps, kept).await
    }
    fn draw(&self, view: &View, refused: &Posted) -> Markup {
        let title = view.lang.t("quarantine-title");
        let card = draw(view, self, &super::actions::actions(), refused);
        layout::page(view, &title, &html! { div.top { div { h1 { (title) } } } div.stack { (card) } })
    }
    fn address(id: QuarantineId) -> String {
        format!("/quarantine/{id}")
    }
    fn id(&self) -> QuarantineId {
        self.kept.id
    }
    fn version(&self) -> i64 {
        0
    }
}
