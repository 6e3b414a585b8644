//! The phone's two pages: today's visits, and one visit with everything that is done there.

use crate::work::work_orders::{
    pages::{finding_fields, finding_values},
    view::{duration, entitlement, evidence, line_kind, priority_pill, skill, status_pill},
};
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use domain::{
    Timestamp,
    calendar::date_of,
    fleet::{asset::Asset, customer::Customer, site::Site},
    id::VisitId,
    people::account::Identity,
    work::{
        checklist::ChecklistItem,
        line::{Line, LineKind},
        stock::Part,
        visit::{Outcome, TimeKind, Visit, VisitState},
        work_order::{Missing, WorkOrder},
    },
};
use maud::{Markup, html};
use rust_decimal::Decimal;
use service::{
    command::CommandError, scope, screens::dispatch::queries::day_of, work::visits::commands::missing,
};
use store::records::{
    fleet::{assets, customers, sites},
    work::{
        checklists, lines, parts, stock, technicians, visits,
        work_orders::{self, Signature},
    },
};
use web::{
    deps::Deps,
    form::Form,
    i18n::Lang,
    icon::icon,
    layout,
    request::{User, View},
    response::PageResult,
    table, words,
};

pub async fn day(State(deps): State<Deps>, view: View, user: User) -> PageResult {
    let db = deps.records.read();
    let today = date_of(deps.now(), view.zone);
    let (from, to) = day_of(today, view.zone);
    let (own, mut unreadable) = match user.actor.technician_scope() {
        Some(technician) => visits::agenda(db, technician, from, to).await?,
        None => (vec![], vec![]),
    };
    let (jobs, of_jobs) = work_orders::by_ids(db, own.iter().map(|visit| visit.work_order_id)).await?;
    unreadable.extend(of_jobs);
    let places = sites::by_ids(db, jobs.values().map(|work| work.site_id)).await?;
    let machines = assets::by_ids(db, jobs.values().map(|work| work.asset_id)).await?;
    let rows: Vec<_> =
        own.iter().filter_map(|visit| jobs.get(&visit.work_order_id).map(|work| (visit, work))).collect();
    let lang = view.lang;
    let title = lang.t("nav-my-day");
    let left = rows.iter().filter(|(visit, _)| visit.state.outcome().is_none()).count();
    let main = html! {
        header.top { div { h1 { (title) } p.sub { (lang.day(today)) " · " (lang.count("my-day-left", i64::try_from(left).unwrap_or(0))) } } }
        (outbox_notice(lang, &user))
        @if rows.is_empty() && unreadable.is_empty() { p.card.pad { (lang.t("my-day-nothing")) } }
        (table::unreadable(lang, &unreadable))
        ol.stack.agenda {
            @for (visit, work) in &rows {
                li { a.card.visit href={ "/my-day/visits/" (visit.id) } {
                    p.when { b { (visit.planned_start.with_timezone(&view.zone).format("%H:%M")) } " – " (visit.planned_end.with_timezone(&view.zone).format("%H:%M")) " " (status_pill(lang, "visit", visit.state.as_str())) }
                    h2 { (lang.phrase(&work.subject)) " " (priority_pill(lang, work.priority)) }
                    p.sub { (work.number) @if let Some(asset) = machines.get(&work.asset_id) { " · " (asset.name) } }
                    @if let Some(site) = places.get(&work.site_id) { p.sub { (site.name) " · " (site.address) } }
                } }
            }
        }
    };
    Ok(layout::page(&view, &title, &main).into_response())
}

/// Texts of the outbox, for the script: it fills in the number and shows what was refused.
fn outbox_notice(lang: Lang, user: &User) -> Markup {
    html! {
        div.outbox hidden data-outbox data-account=(account_word(user)) data-others=(lang.t("outbox-others"))
            data-waiting=(lang.t("outbox-waiting")) data-offline=(lang.t("outbox-offline"))
            data-refused=(lang.t("outbox-refused")) data-discard=(lang.t("outbox-discard")) data-retry=(lang.t("outbox-retry"))
            data-queued=(lang.t("outbox-queued")) {}
    }
}

/// Whose outbox this is: what one person pressed is never sent as another's.
pub fn account_word(user: &User) -> String {
    match &user.actor.identity {
        Identity::Account(id) => id.to_string(),
        Identity::ApiToken(id) => id.to_string(),
        Identity::System => String::new(),
    }
}

pub async fn visit(State(deps): State<Deps>, view: View, user: User, Path(id): Path<VisitId>) -> PageResult {
    let page = VisitPage::load(&deps, &view, &user, id).await?;
    Ok(page.draw(&view, "", &Form::blank()).into_response())
}

pub struct VisitPage {
    user: User,
    visit: Visit,
    work: WorkOrder,
    asset: Option<Asset>,
    customer: Option<Customer>,
    site: Option<Site>,
    evidence: Markup,
    entitlement: Markup,
    checklist: Vec<ChecklistItem>,
    lines: Vec<Line>,
    van: Vec<(Part, Decimal)>,
    signature: Option<Signature>,
    missing: Vec<Missing>,
    history: Vec<WorkOrder>,
    now: Timestamp,
}

impl VisitPage {
    pub async fn load(deps: &Deps, view: &View, user: &User, id: VisitId) -> Result<Self, CommandError> {
        let db = deps.records.read();
        let visit = scope::visit(db, user.scope(), id).await?;
        let work = work_orders::get(db, visit.work_order_id).await?.ok_or(CommandError::NotFound)?;
        let technician = technicians::get(db, visit.technician_id).await?;
        let mut van = vec![];
        if let Some(place) = technician.and_then(|technician| technician.van_id) {
            for level in stock::levels_at(db, place).await? {
                van.extend(parts::get(db, level.part_id).await?.map(|part| (part, level.quantity)));
            }
        }
        van.sort_by(|a, b| a.0.name.cmp(&b.0.name));
        Ok(Self {
            user: user.clone(),
            asset: assets::get(db, work.asset_id).await?,
            customer: customers::get(db, work.customer_id).await?,
            site: sites::get(db, work.site_id).await?,
            evidence: evidence(db, view, work.alert_group_id).await?,
            entitlement: entitlement(db, view, (work.asset_id, work.customer_id), None, deps.now()).await?,
            checklist: checklists::of_work_order(db, work.id).await?,
            lines: lines::of_work_order(db, work.id).await?,
            signature: work_orders::signature(db, work.id).await?,
            missing: missing(db, &work, Outcome::Fixed).await?,
            history: work_orders::history_of_asset(db, work.asset_id, 3).await?.0,
            now: deps.now(),
            van,
            visit,
            work,
        })
    }

    pub fn draw(&self, view: &View, refused: &str, form: &Form) -> Markup {
        let (lang, work, visit) = (view.lang, &self.work, &self.visit);
        layout::page(
            view,
            &lang.phrase(&work.subject),
            &html! {
                div.phone {
                    header.top { div {
                        p.crumb { a href="/my-day" { (icon("back")) (lang.t("nav-my-day")) } }
                        h1 { (lang.phrase(&work.subject)) " " (priority_pill(lang, work.priority)) }
                        p.sub { (work.number) @if let Some(asset) = &self.asset { " · " (asset.name) } " · " (status_pill(lang, "visit", visit.state.as_str())) }
                        (self.entitlement)
                    } }
                    (outbox_notice(lang, &self.user))
                    div.stack {
                        (self.place(view)) (self.status(view, refused, form)) (self.evidence) (self.about(view))
                        (self.time(view)) (self.checks(view)) (self.parts(view, refused, form))
                        (self.finding(view, refused, form)) (self.sign(view, refused, form)) (self.note(view, refused, form))
                        (self.finish(view, refused, form))
                    }
                }
            },
        )
    }

    fn of(&self, action: &str, refused: &str, form: &Form, fresh: Form) -> Form {
        if refused == action { form.clone() } else { fresh }
    }
    fn action(&self, action: &str) -> String {
        format!("/my-day/visits/{}/{action}", self.visit.id)
    }

    fn place(&self, view: &View) -> Markup {
        let lang = view.lang;
        let phone = self.customer.as_ref().and_then(|customer| customer.phone.as_ref());
        html! {
            @if let Some(site) = &self.site {
                section.card.pad.stack.site {
                    div {
                        h2 { @if let Some(customer) = &self.customer { (customer.name) " · " } (site.name) }
                        p { (site.address) @if let Some(place) = self.asset.as_ref().and_then(|asset| asset.functional_location.as_ref()) { " · " (lang.phrase(place)) } }
                        @if let Some(notes) = &site.access_notes { p.access { (lang.phrase(notes)) } }
                    }
                    div.duo {
                        @if let (Some(lat), Some(lon)) = (site.latitude, site.longitude) { a.btn2 href={ "geo:" (lat) "," (lon) "?q=" (lat) "," (lon) } { (icon("pin")) (lang.t("my-day-navigate")) } }
                        @if let Some(phone) = phone { a.btn2 href={ "tel:" (phone.replace(' ', "")) } { (icon("phone")) (lang.t("my-day-call")) } }
                    }
                }
            }
        }
    }

    /// The one thing to press next, big enough for gloves.
    fn status(&self, view: &View, refused: &str, form: &Form) -> Markup {
        let lang = view.lang;
        let blank = Form::blank();
        let error = ["accept", "travel", "arrive", "pause", "resume"].contains(&refused).then_some(form);
        let f = error.unwrap_or(&blank).fields(lang);
        let decline = self.of("decline", refused, form, Form::blank());
        let d = decline.fields(lang);
        let state = self.visit.state.as_str();
        // All are drawn, so that a phone that is offline can go on from one to the next.
        let press = |action: &str, look: &str, class: &'static str, when: &[&str]| {
            let key = Form::blank();
            html! { form method="post" action=(self.action(action)) data-outbox-form data-press=(action) data-when=(when.join(" ")) hidden[!when.contains(&state)] {
                (key.fields(lang).start())
                button class=(class) type="submit" { (icon(look)) (lang.t(&format!("my-day-{action}"))) }
            } }
        };
        html! {
            section.card.pad.stack.presses aria-label=(lang.t("my-day-status")) data-state=(state) {
                @if error.is_some() { (f.start()) }
                (press("travel", "route", "btn big", &["dispatched", "accepted"]))
                (press("accept", "check", "btn2 big", &["dispatched"]))
                (press("arrive", "pin", "btn big", &["dispatched", "accepted", "traveling"]))
                (press("pause", "stop", "btn2 big", &["on_site"]))
                (press("resume", "play", "btn big", &["break"]))
                p data-when="on_site" hidden[state != "on_site"] { a.btn.big href="#finish" { (icon("check")) (lang.t("my-day-to-finish")) } }
                @if !self.visit.state.is_booked() && !self.visit.state.is_at_work() {
                    p { (lang.t(&format!("visit-state-{state}"))) @if let Some(outcome) = self.visit.state.outcome() { " · " (lang.t(&format!("outcome-{}", outcome.as_str()))) } }
                }
                @for (label, when) in [("my-day-decline", "dispatched accepted"), ("my-day-turn-back", "traveling on_site break")] {
                    details.action data-when=(when) hidden[!when.split(' ').any(|word| word == state)] open[refused == "decline"] {
                        summary { (lang.t(label)) }
                        form.stack method="post" action=(self.action("decline")) data-outbox-form {
                            @let d = d.scope(label);
                            (d.start()) (d.area("note", "service-reason").required().attribute("rows", "2"))
                            div { button.btn2 type="submit" { (lang.t(label)) } }
                        }
                    }
                }
            }
        }
    }

    fn about(&self, view: &View) -> Markup {
        let (lang, work) = (view.lang, &self.work);
        html! {
            @if !work.description.is_empty() || work.required_skill.is_some() || !self.history.is_empty() {
                section.card {
                    header { h2 { (icon("file")) (lang.t("my-day-about")) } }
                    div.pad.stack {
                        @if !work.description.is_empty() { p.lines { (lang.phrase(&work.description)) } }
                        @if let Some(word) = &work.required_skill { p.tags { span { (skill(lang, word)) } } }
                        @if !self.history.is_empty() {
                            div { h3 { (lang.t("my-day-history")) } ul { @for past in &self.history {
                                li { (lang.date(past.created_at, view.zone)) " · " (lang.phrase(&past.subject)) @if let Some(mode) = past.finding.as_ref().and_then(|finding| finding.failure_mode.as_ref()) { " · " (lang.phrase(mode)) } }
                            } } }
                        }
                    }
                }
            }
        }
    }

    fn time(&self, view: &View) -> Markup {
        let lang = view.lang;
        let running = match &self.visit.state {
            VisitState::Traveling { .. } => Some(TimeKind::Travel),
            VisitState::OnSite { .. } => Some(TimeKind::Labour),
            VisitState::Break { .. } => Some(TimeKind::Break),
            _ => None,
        };
        html! {
            section.card {
                header { h2 { (icon("clock")) (lang.t("my-day-time")) } }
                dl.pairs-list {
                    @for kind in [TimeKind::Travel, TimeKind::Labour, TimeKind::Break] {
                        @let spent = self.visit.spent(kind, self.now);
                        @if running == Some(kind) || !spent.is_zero() {
                            div { dt { (lang.t(&format!("time-{}", kind.as_str()))) }
                                dd data-running=[(running == Some(kind)).then(|| self.now.timestamp_millis() - spent.num_milliseconds())] { (duration(lang, spent)) } }
                        }
                    }
                }
            }
        }
    }

    fn checks(&self, view: &View) -> Markup {
        let lang = view.lang;
        let done = self.checklist.iter().filter(|item| item.done.is_some()).count();
        html! {
            section.card #checklist {
                header { h2 { (icon("list")) (lang.t("service-checklist")) } span.hint { (done) " / " (self.checklist.len()) } }
                ul.pad { @for item in &self.checklist { li { (self.tick(view, item)) } } }
            }
        }
    }

    fn tick(&self, view: &View, item: &ChecklistItem) -> Markup {
        let form = Form::blank();
        let done = item.done.is_some();
        html! {
            form method="post" action=(self.action("tick")) data-outbox-form data-tick {
                (form.fields(view.lang).start())
                input type="hidden" name="item" value=(item.id);
                @if !done { input type="hidden" name="done" value="on"; }
                button.tick type="submit" aria-pressed=(done) disabled[!self.work.state.is_open()] {
                    i aria-hidden="true" { @if done { "✓" } }
                    span { (crate::work::work_orders::view::checklist_text(view.lang, &item.text)) }
                }
            }
        }
    }

    fn parts(&self, view: &View, refused: &str, form: &Form) -> Markup {
        let lang = view.lang;
        let form = self.of("part", refused, form, Form::filled([("quantity", "1")]));
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

    fn finding(&self, view: &View, refused: &str, form: &Form) -> Markup {
        let lang = view.lang;
        let given = self.work.finding.is_some();
        let form = self.of("finding", refused, form, finding_values(&self.work, view.lang));
        html! {
            section.card #finding {
                header { h2 { (icon("search")) (lang.t("work-orders-finding")) } @if given { span.pill.ok { (icon("check")) (lang.t("my-day-saved")) } } }
                @if self.work.state.is_open() {
                    form.pad.stack method="post" action=(self.action("finding")) data-outbox-form {
                        (finding_fields(lang, &form, "finding-", self.work.alert_group_id.is_some()))
                        div { button.btn2.big type="submit" { (lang.t("save")) } }
                    }
                }
            }
        }
    }

    fn sign(&self, view: &View, refused: &str, form: &Form) -> Markup {
        let lang = view.lang;
        let name = self.signature.as_ref().map(|signature| signature.name.clone()).unwrap_or_default();
        let form = self.of("signature", refused, form, Form::filled([("name", name)]));
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

    fn note(&self, view: &View, refused: &str, form: &Form) -> Markup {
        let lang = view.lang;
        let form = self.of("note", refused, form, Form::blank());
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

    fn finish(&self, view: &View, refused: &str, form: &Form) -> Markup {
        let lang = view.lang;
        let form = self.of("finish", refused, form, Form::filled([("outcome", "fixed")]));
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
