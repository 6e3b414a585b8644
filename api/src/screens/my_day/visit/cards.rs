//! What is done on site: ticked off, used, found, signed, noted and finished.

use super::VisitPage;
use crate::work::work_orders::{
    actions,
    page::finding_values,
    view::{checklist_text, line_kind},
};
use domain::work::{
    checklist::ChecklistItem,
    line::LineKind,
    visit::{Outcome, VisitState},
};
use maud::{Markup, html};
use web::{actions::Posted, form::Form, icon::icon, request::View, words};

impl VisitPage {
    pub(super) fn checks(&self, view: &View) -> Markup {
        let lang = view.lang;
        let done = self.checklist.iter().filter(|item| item.done.is_some()).count();
        html! {
            section.card #checklist {
                header { h2 { (icon("list")) (lang.t("service-checklist")) } span.hint { (done) " / " (self.checklist.len()) } }
                ul.pad { @for item in &self.checklist { li { (self.tick(view, item)) } } }
            }
        }
    }

    pub(super) fn tick(&self, view: &View, item: &ChecklistItem) -> Markup {
        let form = Form::blank();
        let done = item.done.is_some();
        html! {
            form method="post" action=(self.action("tick")) data-outbox-form data-tick {
                (form.fields(view.lang).start())
                input type="hidden" name="item" value=(item.id);
                @if !done { input type="hidden" name="done" value="on"; }
                button.tick type="submit" aria-pressed=(done) disabled[!self.work.state.is_open()] {
                    i aria-hidden="true" { @if done { "✓" } }
                    span { (checklist_text(view.lang, &item.text)) }
                }
            }
        }
    }

    pub(super) fn parts(&self, view: &View, refused: &Posted) -> Markup {
        let lang = view.lang;
        let form = refused.or("part", || Form::filled([("quantity", "1")]));
        let f = form.fields(lang).scope("part-");
        let van: Vec<_> = std::iter::once((String::new(), lang.t("my-day-choose-part")))
            .chain(self.van.iter().map(|(part, held)| {
                (
                    part.id.to_string(),
                    format!(
                        "{} · {} · {}",
                        lang.phrase(&part.name),
                        part.number,
                        lang.with("my-day-on-van", &[("n", lang.quantity(*held).into())])
                    ),
                )
            }))
            .collect();
        html! {
            section.card #parts {
                header { h2 { (icon("package")) (lang.t("nav-parts")) } }
                div.pad.stack {
                    ul {
                        @for line in self.lines.iter().filter(|line| matches!(line.kind, LineKind::Part | LineKind::Expense)) {
                            li.part {
                                div { b { (lang.line(&line.description)) } small { (line_kind(lang, line.kind)) @if !line.coverage.covered_share.is_zero() { " · " (lang.t("my-day-covered")) } } }
                                span.pill.ok { (lang.quantity(line.quantity)) "×" }
                                @if self.work.state.is_open() && line.technician_id == Some(self.visit.technician_id) {
                                    @let key = Form::blank();
                                    form method="post" action=(self.action("remove-line")) data-outbox-form {
                                        (key.fields(lang).start()) input type="hidden" name="line" value=(line.id);
                                        button.btn2.sq type="submit" aria-label=(lang.with("my-day-take-back", &[("part", lang.line(&line.description).into())])) { "−" }
                                    }
                                }
                            }
                        }
                    }
                    @if self.work.state.is_open() {
                        @if self.van.is_empty() { p.hint { (lang.t("my-day-empty-van")) } }
                        @else {
                            form.stack method="post" action=(self.action("part")) data-outbox-form data-part-form {
                                (f.start())
                                (f.select("part_id", "my-day-part-from-van", &van).required())
                                (f.number("quantity", "service-quantity").required())
                                (f.text("serial_number", "my-day-serial"))
                                div { button.btn2.big type="submit" { (icon("plus")) (lang.t("my-day-use-part")) } }
                            }
                        }
                    }
                }
            }
        }
    }

    pub(super) fn finding(&self, view: &View, refused: &Posted) -> Markup {
        let lang = view.lang;
        let given = self.work.finding.is_some();
        let form = refused.or("finding", || finding_values(&self.work, view.lang));
        html! {
            section.card #finding {
                header { h2 { (icon("search")) (lang.t("work-orders-finding")) } @if given { span.pill.ok { (icon("check")) (lang.t("my-day-saved")) } } }
                @if self.work.state.is_open() {
                    form.pad.stack method="post" action=(self.action("finding")) data-outbox-form {
                        (actions::finding_of(lang, &self.work).draw(form.fields(lang).scope("finding-")))
                        div { button.btn2.big type="submit" { (lang.t("save")) } }
                    }
                }
            }
        }
    }

    pub(super) fn sign(&self, view: &View, refused: &Posted) -> Markup {
        let lang = view.lang;
        let name = self.signature.as_ref().map(|signature| signature.name.clone()).unwrap_or_default();
        let form = refused.or("signature", || Form::filled([("name", name)]));
        let f = form.fields(lang).scope("signature-");
        html! {
            section.card #signature {
                header { h2 { (icon("pen")) (lang.t("service-signature")) } @if self.signature.is_some() { span.pill.ok { (icon("check")) (lang.t("my-day-saved")) } } }
                @if self.work.state.is_open() {
                    form.pad.stack method="post" action=(self.action("signature")) data-outbox-form data-signature {
                        (f.start())
                        (f.text("name", "my-day-signer").required().hint("my-day-signer-hint").attribute("autocomplete", "off"))
                        input type="hidden" name="image";
                        canvas.sig hidden role="img" aria-label=(lang.t("my-day-draw-here")) {}
                        div.act {
                            button.btn2.big type="submit" { (lang.t("my-day-save-signature")) }
                            button.btn2 type="button" hidden data-clear { (lang.t("my-day-clear")) }
                        }
                    }
                }
            }
        }
    }

    pub(super) fn note(&self, view: &View, refused: &Posted) -> Markup {
        let lang = view.lang;
        let form = refused.or("note", Form::blank);
        let f = form.fields(lang).scope("note-");
        html! {
            section.card {
                header { h2 { (lang.t("service-note")) } }
                form.pad.stack method="post" action=(self.action("note")) data-outbox-form {
                    (f.start()) (f.area("note", "service-note").required().attribute("rows", "2"))
                    div { button.btn2 type="submit" { (lang.t("service-add-note")) } }
                }
            }
        }
    }

    pub(super) fn finish(&self, view: &View, refused: &Posted) -> Markup {
        let lang = view.lang;
        let form = refused.or("finish", || Form::filled([("outcome", "fixed")]));
        let f = form.fields(lang).scope("finish-");
        let outcomes = Outcome::ALL
            .map(|outcome| (outcome.as_str().to_string(), lang.t(&format!("outcome-{}", outcome.as_str()))));
        html! {
            section.card #finish data-when="on_site break" hidden[!matches!(self.visit.state, VisitState::OnSite { .. } | VisitState::Break { .. })] {
                header { h2 { (icon("check")) (lang.t("my-day-finish")) } }
                form.pad.stack method="post" action=(self.action("finish")) data-outbox-form {
                    @for what in &self.missing { p.hint { (icon("alert")) " " (lang.t(&words::of_refusal((*what).into()))) } }
                    (f.start())
                    (f.select("outcome", "my-day-outcome", &outcomes))
                    (f.area("note", "service-note").attribute("rows", "2"))
                    button.btn.big type="submit" { (icon("check")) (lang.t("my-day-done")) }
                }
            }
        }
    }
}
