//! What was ticked off, found and signed.

use super::{super::view::checklist_text, WorkOrderPage};
use crate::condition::alerts::verdict_key;
use domain::{
    condition::alert::Verdict,
    work::{checklist::ChecklistItem, work_order::WorkOrder},
};
use maud::{Markup, html};
use web::{form::Form, i18n::Lang, icon::icon, request::View};

impl WorkOrderPage {
    pub(super) fn checks(&self, view: &View) -> Markup {
        let (lang, work) = (view.lang, &self.work);
        let done = self.checklist.iter().filter(|item| item.done.is_some()).count();
        html! {
            section.card #checklist {
                header { h2 { (icon("list")) (lang.t("service-checklist")) } span.hint { (done) " / " (self.checklist.len()) } }
                ul.pad {
                    @for item in &self.checklist {
                        li {
                            @if Self::is_planned_by(view) && work.state.is_editable() {
                                (tick_form(view, &format!("/work-orders/{}/checklist/{}", work.id, item.id), item))
                            } @else {
                                p.ticked { span aria-hidden="true" { @if item.done.is_some() { "✓" } @else { "○" } } " " (checklist_text(lang, &item.text)) }
                            }
                        }
                    }
                }
            }
        }
    }

    pub(super) fn found(&self, view: &View) -> Markup {
        let lang = view.lang;
        html! {
            @if let Some(finding) = &self.work.finding {
                section.card {
                    header { h2 { (icon("search")) (lang.t("work-orders-finding")) } }
                    dl.pairs-list {
                        @if let Some(verdict) = finding.verdict { div { dt { (lang.t("work-orders-verdict")) } dd { (lang.t(verdict_key(verdict))) } } }
                        @if let Some(mode) = &finding.failure_mode { div { dt { (lang.t("work-orders-failure-mode")) } dd { (lang.phrase(mode)) } } }
                        @if let Some(cause) = &finding.cause { div { dt { (lang.t("work-orders-cause")) } dd { (lang.phrase(cause)) } } }
                        @if self.work.misuse { div { dt { (lang.t("work-orders-misuse")) } dd { (lang.t("service-yes")) } } }
                    }
                    @if !finding.note.is_empty() { p.lead.lines { (finding.note) } }
                }
            }
        }
    }

    pub(super) fn signed(&self, view: &View) -> Markup {
        let lang = view.lang;
        html! {
            @if let Some(signature) = &self.signature {
                section.card {
                    header { h2 { (icon("pen")) (lang.t("service-signature")) } }
                    div.pad.stack {
                        @if let Some(image) = &signature.image { img.signature src=(image) alt=(lang.t("service-signature")); }
                        p { b { (lang.phrase(&signature.name)) } " · " (lang.date_time(signature.at, view.zone)) }
                    }
                }
            }
        }
    }
}

/// The present finding as a form.
pub fn finding_values(work: &WorkOrder, lang: Lang) -> Form {
    let finding = work.finding.as_ref();
    let text = |part: Option<&String>| part.cloned().unwrap_or_default();
    let verdict = match finding.and_then(|finding| finding.verdict) {
        Some(Verdict::Right) => "right",
        Some(Verdict::FalseAlarm) => "false_alarm",
        None => "",
    };
    Form::filled([
        ("verdict", verdict.to_string()),
        ("failure_mode", text(finding.and_then(|finding| finding.failure_mode.as_ref()))),
        ("cause", text(finding.and_then(|finding| finding.cause.as_ref()))),
        ("note", text(finding.map(|finding| &finding.note))),
        ("misuse", if work.misuse { "on".into() } else { String::new() }),
    ])
    .translated(lang, &["failure_mode", "cause", "note"])
}

/// One tap ticks an item off, another opens it again.
pub fn tick_form(view: &View, action: &str, item: &ChecklistItem) -> Markup {
    let form = Form::blank();
    html! {
        form method="post" action=(action) data-tick {
            (form.fields(view.lang).start())
            @if item.done.is_none() { input type="hidden" name="done" value="on"; }
            button.tick type="submit" aria-pressed=(item.done.is_some()) {
                i aria-hidden="true" { @if item.done.is_some() { "✓" } }
                span { (checklist_text(view.lang, &item.text)) }
            }
        }
    }
}
