//! Work order pages for the office: the list, planning without a ticket, and one job with all that belongs to it.

use super::{
    list::WorkOrders,
    view::{
        amount_of, checklist_text, duration, entitlement, evidence, line_kind, priority_options,
        priority_pill, skill, skill_options, status_pill,
    },
};
use crate::{
    choices,
    timeline::{self, Timeline},
};
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use domain::{
    Money,
    condition::alert::Verdict,
    fleet::{asset::Asset, customer::Customer, site::Site},
    id::{AssetId, ChecklistItemId, LineId, PartId, WorkOrderId},
    money::coverage::Payer,
    people::account::Role,
    reason::Reason,
    work::{
        Priority,
        checklist::{ChecklistItem, standard_items},
        line::{Line, LineKind},
        technician::Technician,
        visit::Visit,
        work_order::{WorkOrder, WorkOrderKind, WorkOrderState},
    },
};
use maud::{Markup, html};
use service::{
    command::{CommandError, Context},
    input::{MAX_DESCRIPTION, MAX_SUBJECT},
    work::{
        tickets::commands::Remark,
        work_orders::{
            commands::{self, Charge, Ending, NewFinding, NewSignature, NewWorkOrder, Plan},
            lines::{self as line_commands, LineChange, NewLine, UsedPart},
        },
    },
};
use store::records::{
    fleet::{assets, customers, sites},
    people::organisation,
    work::{
        checklists, lines as line_records, technicians, visits,
        work_orders::{self, Signature},
    },
};
use web::{
    chooser::Kind,
    deps::Deps,
    form::Form,
    i18n::Lang,
    icon::icon,
    layout,
    list::ListQuery,
    listing,
    request::{Caller, User, View},
    response::{PageResult, see_other},
    table::card_heads,
};

pub async fn list(State(deps): State<Deps>, view: View, user: User, query: ListQuery) -> PageResult {
    listing::page::<WorkOrders>(deps, view, query, |view, list| {
        let lang = view.lang;
        html! {
            header.top {
                div { h1 { (lang.t("nav-work-orders")) } p.sub { (lang.t("work-orders-lead")) } }
                @if may_plan(&user) { a.btn href="/work-orders/new" { (icon("plus")) (lang.t("work-orders-new")) } }
            }
            (list.filters)
            (list.table)
        }
    })
    .await
}

fn may_plan(user: &User) -> bool {
    matches!(user.actor.role, Role::Admin | Role::ServiceManager | Role::Dispatcher)
}

pub async fn new(State(deps): State<Deps>, view: View, query: ListQuery) -> PageResult {
    let form = Form::filled([
        ("asset_id", query.id_text("asset")?),
        ("kind", "preventive".into()),
        ("priority", "medium".into()),
        ("estimated_minutes", "60".into()),
        ("requires_signature", "on".into()),
        ("standard_checklist", "on".into()),
    ]);
    let form = choices::settle(&deps, &view, form, &CHOSEN).await?;
    Ok(draw_new(&view, &form).into_response())
}

/// The rows that one chooses for a new work order, and for a line of one.
const CHOSEN: [(&str, Kind); 1] = [("asset_id", Kind::Assets)];
const CHOSEN_IN_LINE: [(&str, Kind); 2] = [("part", Kind::Parts), ("stock_location_id", Kind::Places)];

pub async fn create(State(deps): State<Deps>, view: View, Caller(cx): Caller, form: Form) -> PageResult {
    let form = choices::settle(&deps, &view, form, &CHOSEN).await?;
    let made = match read_new(&form, view.lang) {
        Ok(input) => commands::create(&deps, form.context(cx), input).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(work) => Ok(see_other(&format!("/work-orders/{}", work.id))),
        Err(error) => form.again(error, |form| draw_new(&view, form)),
    }
}

fn read_new(form: &Form, lang: Lang) -> Result<NewWorkOrder, CommandError> {
    let mut check = form.check(lang);
    let asset_id: Option<AssetId> = check.parse("asset_id", Reason::UnknownChoice);
    let subject = check.required("subject", MAX_SUBJECT);
    let description = check.text("description", MAX_DESCRIPTION);
    let minutes: Option<u32> = check.whole("estimated_minutes", Reason::WorkOrdersMinutesRange);
    check.finish()?;
    let word = |name| form.value(name);
    let kind = WorkOrderKind::ALL.into_iter().find(|kind| kind.as_str() == word("kind"));
    let kind = kind.unwrap_or(WorkOrderKind::Corrective);
    let standard = if form.checked("standard_checklist") { standard_items(kind) } else { vec![] };
    Ok(NewWorkOrder {
        asset_id: asset_id.ok_or(CommandError::field("asset_id", Reason::Required))?,
        kind,
        subject,
        description,
        priority: Priority::ALL
            .into_iter()
            .find(|p| p.as_str() == word("priority"))
            .unwrap_or(Priority::Medium),
        plan: Plan {
            required_skill: form.optional("required_skill").map(Into::into),
            estimated_minutes: minutes.unwrap_or_default(),
            requires_signature: form.checked("requires_signature"),
            checklist: Some(
                standard.into_iter().chain(form.value("checklist").lines().map(Into::into)).collect(),
            ),
        },
    })
}

fn draw_new(view: &View, form: &Form) -> Markup {
    let lang = view.lang;
    let f = form.fields(lang);
    let (priorities, skills) = (priority_options(lang), skill_options(lang));
    let kinds = WorkOrderKind::ALL
        .map(|kind| (kind.as_str().to_string(), lang.t(&format!("work_order-kind-{}", kind.as_str()))));
    let title = lang.t("work-orders-new");
    layout::page(
        view,
        &title,
        &html! {
            header.top { div { p.crumb { a href="/work-orders" { (lang.t("nav-work-orders")) } } h1 { (title) } } }
            form.card.pad.stack.narrow method="post" action="/work-orders" {
                (f.start())
                (f.choose("asset_id", "service-asset", Kind::Assets).required())
                (f.select("kind", "work-orders-kind", &kinds))
                (f.text("subject", "work-orders-subject").required().attribute("maxlength", "200"))
                (f.area("description", "service-description").attribute("rows", "3"))
                (f.select("priority", "service-priority", &priorities))
                (f.select("required_skill", "work-orders-skill", &skills))
                (f.number("estimated_minutes", "work-orders-minutes").required())
                (f.checkbox("standard_checklist", "work-orders-checklist-standard"))
                (f.area("checklist", "work-orders-checklist-extra").hint("work-orders-checklist-hint").attribute("rows", "3"))
                (f.checkbox("requires_signature", "work-orders-requires-signature"))
                div.act { button.btn type="submit" { (lang.t("save")) } a.btn2 href="/work-orders" { (lang.t("cancel")) } }
            }
        },
    )
}

pub async fn show(
    State(deps): State<Deps>,
    view: View,
    user: User,
    Path(id): Path<WorkOrderId>,
) -> PageResult {
    let page = Page::load(&deps, &view, &user, id).await?;
    Ok(page.draw(&view, &Refused::none()).into_response())
}

/// The form that was refused, with what was typed.
struct Refused {
    action: String,
    form: Form,
}

impl Refused {
    fn none() -> Self {
        Self { action: String::new(), form: Form::blank() }
    }
    /// What was typed when this is the refused form, else `fresh`.
    fn or(&self, action: &str, fresh: Form) -> Form {
        if self.action == action { self.form.clone() } else { fresh }
    }
}

async fn again(
    deps: &Deps,
    view: &View,
    user: &User,
    id: WorkOrderId,
    action: String,
    form: Form,
    error: CommandError,
) -> PageResult {
    let page = Page::load(deps, view, user, id).await?;
    form.again(error, |form| page.draw(view, &Refused { action, form: form.clone() }))
}

pub async fn act(
    State(deps): State<Deps>,
    view: View,
    user: User,
    Caller(cx): Caller,
    Path((id, action)): Path<(WorkOrderId, String)>,
    form: Form,
) -> PageResult {
    let remark = Remark { note: form.value("note").into(), version: form.value("version").parse().ok() };
    let cx = form.context(cx);
    let done = match action.as_str() {
        "hold" => commands::hold(&deps, cx, id, remark).await,
        "resume" => commands::resume(&deps, cx, id, remark).await,
        "cancel" => commands::cancel(&deps, cx, id, ending(remark, &form)).await,
        "give-up" => commands::give_up(&deps, cx, id, ending(remark, &form)).await,
        "note" => commands::add_note(&deps, cx, id, remark).await,
        "finding" => commands::record_finding(&deps, cx, id, read_finding(&form)).await,
        "signature" => commands::sign(&deps, cx, id, read_signature(&form)).await,
        _ => Err(CommandError::NotFound),
    };
    match done {
        Ok(_) => Ok(see_other(&format!("/work-orders/{id}"))),
        Err(error) => again(&deps, &view, &user, id, action, form, error).await,
    }
}

fn ending(remark: Remark, form: &Form) -> Ending {
    let charge = if form.checked("waive") { Charge::Nothing } else { Charge::AsRecorded };
    Ending { note: remark.note, version: remark.version, charge }
}

pub fn read_finding(form: &Form) -> NewFinding {
    let verdict = match form.value("verdict") {
        "right" => Some(Verdict::Right),
        "false_alarm" => Some(Verdict::FalseAlarm),
        _ => None,
    };
    let text = |name| Some(form.kept(name)).filter(|text| !text.is_empty()).map(String::from);
    NewFinding {
        verdict,
        failure_mode: text("failure_mode"),
        cause: text("cause"),
        note: form.kept("note").into(),
        misuse: form.checked("misuse"),
        at: None,
    }
}

pub fn read_signature(form: &Form) -> NewSignature {
    NewSignature { name: form.value("name").into(), image: form.optional("image").map(Into::into), at: None }
}

pub async fn approve(
    State(deps): State<Deps>,
    view: View,
    user: User,
    Caller(cx): Caller,
    Path(id): Path<WorkOrderId>,
    form: Form,
) -> PageResult {
    let remark = Remark { note: String::new(), version: form.value("version").parse().ok() };
    match commands::approve(&deps, form.context(cx), id, remark).await {
        Ok(_) => Ok(see_other(&format!("/work-orders/{id}"))),
        Err(error) => again(&deps, &view, &user, id, "approve".into(), form, error).await,
    }
}

pub async fn withdraw_approval(
    State(deps): State<Deps>,
    view: View,
    user: User,
    Caller(cx): Caller,
    Path(id): Path<WorkOrderId>,
    form: Form,
) -> PageResult {
    let remark = Remark { note: form.value("note").into(), version: form.value("version").parse().ok() };
    match commands::withdraw_approval(&deps, form.context(cx), id, remark).await {
        Ok(_) => Ok(see_other(&format!("/work-orders/{id}"))),
        Err(error) => again(&deps, &view, &user, id, "withdraw-approval".into(), form, error).await,
    }
}

pub async fn tick(
    State(deps): State<Deps>,
    Caller(cx): Caller,
    Path((id, item)): Path<(WorkOrderId, ChecklistItemId)>,
    form: Form,
) -> PageResult {
    commands::tick(&deps, form.context(cx), id, item, form.checked("done"), None).await?;
    Ok(see_other(&format!("/work-orders/{id}#checklist")))
}

pub async fn add_line(
    State(deps): State<Deps>,
    view: View,
    user: User,
    Caller(cx): Caller,
    Path(id): Path<WorkOrderId>,
    form: Form,
) -> PageResult {
    let form = choices::settle(&deps, &view, form, &CHOSEN_IN_LINE).await?;
    match save_line(&deps, form.context(cx), id, &form, &view).await {
        Ok(_) => Ok(see_other(&format!("/work-orders/{id}#lines"))),
        Err(error) => again(&deps, &view, &user, id, "line".into(), form, error).await,
    }
}

async fn save_line(
    deps: &Deps,
    cx: Context,
    id: WorkOrderId,
    form: &Form,
    view: &View,
) -> Result<(), CommandError> {
    let mut check = form.check(view.lang);
    let quantity = check.decimal("quantity");
    let currency = organisation::get(deps.records.read()).await?.map(|ours| ours.currency);
    let price: Option<Money> = match (form.optional("unit_price"), currency) {
        (Some(_), Some(currency)) => check.money("unit_price", currency),
        _ => None,
    };
    let place = check.parse_optional("stock_location_id", Reason::UnknownChoice);
    let description = check.text("description", line_commands::MAX_LINE);
    let part: Option<PartId> =
        if form.value("kind") == "part" { check.parse("part", Reason::PartsNoSuchPart) } else { None };
    let at = check.optional("at", |check, name| check.instant(name, view.zone));
    check.finish()?;
    let quantity = quantity.ok_or(CommandError::field("quantity", Reason::Required))?;
    let kind = match form.value("kind") {
        "part" => {
            let part_id = part.ok_or(CommandError::field("part", Reason::Required))?;
            let stock_location_id = place;
            let used =
                UsedPart { part_id, quantity, stock_location_id, visit_id: None, serial_number: None, at };
            line_commands::use_part(deps, cx, id, used).await?;
            return Ok(());
        }
        "labour" => LineKind::Labour,
        "travel" => LineKind::Travel,
        "expense" => LineKind::Expense,
        _ => return Err(CommandError::field("kind", Reason::UnknownChoice)),
    };
    let line = NewLine { kind, description, quantity, unit_price: price, unit_cost: None, at };
    line_commands::add(deps, cx, id, line).await?;
    Ok(())
}

pub async fn change_line(
    State(deps): State<Deps>,
    view: View,
    user: User,
    Caller(cx): Caller,
    Path((id, line)): Path<(WorkOrderId, LineId)>,
    form: Form,
) -> PageResult {
    let cx = form.context(cx);
    let done = if form.checked("remove") {
        line_commands::remove(&deps, cx, id, line).await
    } else {
        save_change(&deps, cx, id, line, &form, view.lang).await
    };
    match done {
        Ok(()) => Ok(see_other(&format!("/work-orders/{id}#lines"))),
        Err(error) => again(&deps, &view, &user, id, format!("line-{line}"), form, error).await,
    }
}

async fn save_change(
    deps: &Deps,
    cx: Context,
    id: WorkOrderId,
    line: LineId,
    form: &Form,
    lang: Lang,
) -> Result<(), CommandError> {
    let before = line_records::get(deps.records.read(), line).await?.ok_or(CommandError::NotFound)?;
    let mut check = form.check(lang);
    let quantity = check.decimal("quantity");
    let unit_price = check.money("unit_price", before.unit_price.currency);
    let description = check.text("description", line_commands::MAX_LINE);
    check.finish()?;
    let (Some(quantity), Some(unit_price)) = (quantity, unit_price) else {
        return Err(CommandError::field("quantity", Reason::Required));
    };
    let change = LineChange { description, quantity, unit_price, goodwill: form.checked("goodwill") };
    line_commands::change(deps, cx, id, line, change).await?;
    Ok(())
}

struct Page {
    work: WorkOrder,
    asset: Option<Asset>,
    customer: Option<Customer>,
    site: Option<Site>,
    evidence: Markup,
    entitlement: Markup,
    checklist: Vec<ChecklistItem>,
    lines: Vec<Line>,
    visits: Vec<Visit>,
    technicians: Vec<Technician>,
    signature: Option<Signature>,
    timeline: Timeline,
    now: domain::Timestamp,
    plans: bool,
    keeps: bool,
    approves: bool,
    bills: bool,
}

impl Page {
    async fn load(deps: &Deps, view: &View, user: &User, id: WorkOrderId) -> Result<Self, CommandError> {
        let db = deps.records.read();
        let work = commands::load(db, &user.actor, id, None).await?;
        let visits = visits::of_work_order(db, id).await?;
        let mut technicians = vec![];
        for visit in &visits {
            technicians.extend(technicians::get(db, visit.technician_id).await?);
        }
        let mut things = vec![("work_order", id.0)];
        things.extend(visits.iter().map(|visit| ("visit", visit.id.0)));
        let keeps =
            matches!(user.actor.role, Role::Admin | Role::ServiceManager | Role::Dispatcher | Role::Billing);
        Ok(Self {
            asset: assets::get(db, work.asset_id).await?,
            customer: customers::get(db, work.customer_id).await?,
            site: sites::get(db, work.site_id).await?,
            evidence: evidence(db, view, work.alert_group_id).await?,
            entitlement: entitlement(db, view, (work.asset_id, work.customer_id), None, deps.now()).await?,
            checklist: checklists::of_work_order(db, id).await?,
            lines: line_records::of_work_order(db, id).await?,
            technicians,
            signature: work_orders::signature(db, id).await?,
            timeline: timeline::of(db, &things).await?,
            now: deps.now(),
            plans: may_plan(user),
            keeps,
            approves: matches!(user.actor.role, Role::Admin | Role::ServiceManager | Role::Billing),
            bills: matches!(user.actor.role, Role::Admin | Role::ServiceManager | Role::Billing),
            visits,
            work,
        })
    }

    fn draw(&self, view: &View, refused: &Refused) -> Markup {
        let (lang, work) = (view.lang, &self.work);
        layout::page(
            view,
            &format!("{} {}", work.number, lang.phrase(&work.subject)),
            &html! {
                header.top {
                    div {
                        p.crumb {
                            a href="/work-orders" { (lang.t("nav-work-orders")) } " / " (work.number)
                            @if let Some(ticket) = work.ticket_id { " · " a href={ "/tickets/" (ticket) } { (lang.t("thing-ticket")) } }
                        }
                        h1 { (lang.phrase(&work.subject)) " " (priority_pill(lang, work.priority)) " " (status_pill(lang, "work_order", work.state.as_str())) }
                        p.sub {
                            @if let Some(asset) = &self.asset { a href={ "/assets/" (asset.id) } { (asset.name) } }
                            @if let Some(customer) = &self.customer { " · " (customer.name) }
                            @if let Some(site) = &self.site { " · " (site.name) ", " (site.address) }
                        }
                        (self.entitlement)
                    }
                    div.act { (self.main_action(view, refused)) }
                }
                div.cols.wide {
                    div.stack {
                        (self.evidence)
                        @if !work.description.is_empty() {
                            section.card { header { h2 { (lang.t("service-description")) } } p.lead.lines { (lang.phrase(&work.description)) } }
                        }
                        (self.lines(view, refused))
                        (self.trips(view))
                        section.card {
                            header { h2 { (icon("clock")) (lang.t("service-timeline")) } }
                            (self.timeline.draw(view))
                            @if self.plans { (self.remark(view, refused, "note", "service-add-note")) }
                        }
                    }
                    div.stack { (self.facts(view)) (self.checks(view)) (self.found(view)) (self.signed(view)) (self.actions(view, refused)) }
                }
            },
        )
    }

    fn versioned(&self, refused: &Refused, action: &str) -> Form {
        refused.or(action, Form::filled([("version", self.work.version)]))
    }

    fn approve(&self, view: &View, refused: &Refused) -> Markup {
        let form = self.versioned(refused, "approve");
        let f = form.fields(view.lang).scope("approve-");
        html! {
            form method="post" action={ "/work-orders/" (self.work.id) "/approve" } {
                (f.start()) (f.hidden("version"))
                button.btn type="submit" { (icon("check")) (view.lang.t("work-orders-approve")) }
            }
        }
    }

    fn main_action(&self, view: &View, refused: &Refused) -> Markup {
        let (lang, work) = (view.lang, &self.work);
        html! {
            @match work.state {
                WorkOrderState::Completed { .. } if self.approves => (self.approve(view, refused)),
                WorkOrderState::CannotComplete { .. } | WorkOrderState::Canceled { .. } if self.approves && !self.lines.is_empty() => {
                    (self.approve(view, refused))
                }
                WorkOrderState::Approved { .. } if self.bills => {
                    a.btn href="/invoices" { (icon("file")) (lang.t("work-orders-invoice")) }
                }
                WorkOrderState::Invoiced { invoice_id, .. } if self.bills => {
                    a.btn2 href={ "/invoices/" (invoice_id) } { (icon("file")) (lang.t("work-orders-see-invoice")) }
                }
                WorkOrderState::Unscheduled if self.plans => {
                    a.btn href={ "/dispatch#" (work.number) } { (icon("board")) (lang.t("work-orders-dispatch")) }
                }
                _ => {}
            }
        }
    }

    fn facts(&self, view: &View) -> Markup {
        let (lang, work) = (view.lang, &self.work);
        html! {
            section.card {
                header { h2 { (lang.t("service-facts")) } }
                dl.pairs-list {
                    div { dt { (lang.t("work-orders-kind")) } dd { (lang.t(&format!("work_order-kind-{}", work.kind.as_str()))) } }
                    @if let Some(word) = &work.required_skill { div { dt { (lang.t("work-orders-skill")) } dd { (skill(lang, word)) } } }
                    div { dt { (lang.t("work-orders-estimate")) } dd { (duration(lang, chrono::TimeDelta::minutes(work.estimated_minutes.into()))) } }
                    div { dt { (lang.t("work-orders-created")) } dd { (lang.date_time(work.created_at, view.zone)) } }
                    @if let Some(at) = work.state.completed_at() { div { dt { (lang.t("work-orders-completed")) } dd { (lang.date_time(at, view.zone)) } } }
                    @match &work.state {
                        WorkOrderState::OnHold { reason, .. } | WorkOrderState::Canceled { reason, .. } | WorkOrderState::CannotComplete { reason, .. } => {
                            div { dt { (lang.t("service-reason")) } dd { (reason) } }
                        }
                        _ => {}
                    }
                }
            }
        }
    }

    fn checks(&self, view: &View) -> Markup {
        let (lang, work) = (view.lang, &self.work);
        let done = self.checklist.iter().filter(|item| item.done.is_some()).count();
        html! {
            section.card #checklist {
                header { h2 { (icon("list")) (lang.t("service-checklist")) } span.hint { (done) " / " (self.checklist.len()) } }
                ul.pad {
                    @for item in &self.checklist {
                        li {
                            @if self.plans && work.state.is_editable() {
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

    fn lines(&self, view: &View, refused: &Refused) -> Markup {
        let (lang, work) = (view.lang, &self.work);
        let editable = self.keeps && work.state.accepts_lines();
        let billable = self.total(Line::billable);
        let cost = self.total(Line::cost);
        html! {
            section.card #lines {
                header { h2 { (icon("package")) (lang.t("work-orders-lines")) } }
                @if self.lines.is_empty() { p.nothing { (lang.t("work-orders-no-lines")) } }
                @else {
                    div.scroll tabindex="0" role="region" aria-label=(lang.t("work-orders-lines")) {
                        @let heads = ["work-orders-line", "service-quantity", "work-orders-price", "work-orders-coverage", "work-orders-billable"].map(|key| lang.t(key));
                        table.list.cards style=(card_heads(heads)) {
                            caption.sr { (lang.t("work-orders-lines")) }
                            thead { tr {
                                th scope="col" { (lang.t("work-orders-line")) } th.n scope="col" { (lang.t("service-quantity")) }
                                th.n scope="col" { (lang.t("work-orders-price")) } th scope="col" { (lang.t("work-orders-coverage")) }
                                th.n scope="col" { (lang.t("work-orders-billable")) }
                            } }
                            tbody { @for line in &self.lines { (self.line(view, line, editable, refused)) } }
                            tfoot { tr { th scope="row" colspan="4" { (lang.t("work-orders-billable-total")) @if let Some(cost) = cost { small { " · " (lang.with("work-orders-cost-total", &[("cost", lang.money(cost).into())])) } } }
                                td.n { b { @if let Some(total) = billable { (lang.money(total)) } @else { "—" } } } } }
                        }
                    }
                }
                @if editable { (self.new_line(view, refused)) }
            }
        }
    }

    /// None when there are no lines, or in more than one currency.
    fn total(&self, part: impl Fn(&Line) -> Result<Money, domain::MoneyError>) -> Option<Money> {
        let currency = self.lines.first()?.unit_price.currency;
        let amounts: Result<Vec<Money>, _> = self.lines.iter().map(part).collect();
        Money::sum(amounts.ok()?, currency).ok()
    }

    fn line(&self, view: &View, line: &Line, editable: bool, refused: &Refused) -> Markup {
        let lang = view.lang;
        let action = format!("line-{}", line.id);
        let form = refused.or(
            &action,
            Form::filled([
                ("description", line.description.clone()),
                ("quantity", lang.show_decimal(line.quantity)),
                ("unit_price", lang.show_money(line.unit_price)),
                (
                    "goodwill",
                    if line.coverage.payer == Payer::Goodwill { "on".into() } else { String::new() },
                ),
            ])
            .showing("description", &lang.line(&line.description), &line.description),
        );
        let scope = format!("{action}-");
        let f = form.fields(lang).scope(&scope);
        html! {
            tr {
                td {
                    b { (line_kind(lang, line.kind)) } " " (lang.line(&line.description))
                    @if let Some(serial) = &line.serial_number { small { " · " (serial) } }
                    @if editable && !line.invoiced {
                        details.action open[refused.action == action] {
                            summary { (lang.t("work-orders-change")) }
                            form.stack method="post" action={ "/work-orders/" (self.work.id) "/lines/" (line.id) } {
                                (f.start())
                                (f.text("description", "service-description"))
                                (f.number("quantity", "service-quantity").required())
                                (f.number("unit_price", "work-orders-price").required())
                                (f.checkbox("goodwill", "work-orders-goodwill"))
                                div.act {
                                    button.btn2 type="submit" { (lang.t("save")) }
                                    button.btn2 type="submit" name="remove" value="yes" formnovalidate { (lang.t("work-orders-remove-line")) }
                                }
                            }
                        }
                    }
                }
                td.n { (amount_of(lang, line.quantity, line.time_us)) }
                td.n { (lang.money(line.unit_price)) }
                td { (coverage(lang, line)) }
                td.n { @if let Ok(billable) = line.billable() { (lang.money(billable)) } }
            }
        }
    }

    fn new_line(&self, view: &View, refused: &Refused) -> Markup {
        let lang = view.lang;
        let form = refused.or("line", Form::filled([("kind", "part"), ("quantity", "1")]));
        let f = form.fields(lang).scope("new-line-");
        let kinds = [LineKind::Part, LineKind::Labour, LineKind::Travel, LineKind::Expense].map(|kind| {
            let word = match kind {
                LineKind::Part => "part",
                LineKind::Labour => "labour",
                LineKind::Travel => "travel",
                LineKind::Expense => "expense",
            };
            (word.to_string(), line_kind(lang, kind))
        });
        html! {
            details.action.pad open[refused.action == "line"] {
                summary { (lang.t("work-orders-add-line")) }
                form.stack.narrow method="post" action={ "/work-orders/" (self.work.id) "/lines" } {
                    (f.start())
                    (f.select("kind", "work-orders-line-kind", &kinds))
                    (f.choose("part", "parts-part", Kind::Parts).hint("work-orders-part-hint"))
                    (f.choose("stock_location_id", "parts-from", Kind::Places))
                    (f.text("description", "service-description"))
                    (f.number("quantity", "service-quantity").required())
                    (f.number("unit_price", "work-orders-price").hint("work-orders-price-hint"))
                    (f.instant("at", "work-orders-line-at").hint("work-orders-line-at-hint"))
                    div { button.btn2 type="submit" { (icon("plus")) (lang.t("work-orders-add-line")) } }
                }
            }
        }
    }

    fn trips(&self, view: &View) -> Markup {
        let lang = view.lang;
        html! {
            section.card {
                header { h2 { (icon("route")) (lang.t("work-orders-visits")) } }
                @if self.visits.is_empty() { p.nothing { (lang.t("work-orders-no-visits")) } }
                ul.rows {
                    @for visit in &self.visits {
                        li {
                            div {
                                h3 { @if self.plans { a href={ "/dispatch/visits/" (visit.id) } { (self.technician(visit)) } } @else { (self.technician(visit)) } }
                                p { (lang.date_time(visit.planned_start, view.zone)) " – " (lang.date_time(visit.planned_end, view.zone)) }
                                @for span in visit.spans(self.now) {
                                    p { (lang.t(&format!("time-{}", span.kind.as_str()))) " · " (lang.date_time(span.from, view.zone)) " · " (duration(lang, span.duration())) }
                                }
                                @if let Some(outcome) = visit.state.outcome() { p { (lang.t(&format!("outcome-{}", outcome.as_str()))) } }
                            }
                            (status_pill(lang, "visit", visit.state.as_str()))
                        }
                    }
                }
            }
        }
    }

    fn technician(&self, visit: &Visit) -> &str {
        let found = self.technicians.iter().find(|technician| technician.id == visit.technician_id);
        found.map_or("", |technician| &technician.name)
    }

    fn found(&self, view: &View) -> Markup {
        let lang = view.lang;
        html! {
            @if let Some(finding) = &self.work.finding {
                section.card {
                    header { h2 { (icon("search")) (lang.t("work-orders-finding")) } }
                    dl.pairs-list {
                        @if let Some(verdict) = finding.verdict { div { dt { (lang.t("work-orders-verdict")) } dd { (lang.t(crate::condition::alerts::verdict_key(verdict))) } } }
                        @if let Some(mode) = &finding.failure_mode { div { dt { (lang.t("work-orders-failure-mode")) } dd { (lang.phrase(mode)) } } }
                        @if let Some(cause) = &finding.cause { div { dt { (lang.t("work-orders-cause")) } dd { (lang.phrase(cause)) } } }
                        @if self.work.misuse { div { dt { (lang.t("work-orders-misuse")) } dd { (lang.t("service-yes")) } } }
                    }
                    @if !finding.note.is_empty() { p.lead.lines { (finding.note) } }
                }
            }
        }
    }

    fn signed(&self, view: &View) -> Markup {
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

    fn actions(&self, view: &View, refused: &Refused) -> Markup {
        let (lang, work) = (view.lang, &self.work);
        let status = work.state.as_str();
        let waits = matches!(status, "unscheduled" | "scheduled" | "on_hold");
        let has_alert = work.alert_group_id.is_some();
        html! {
            @if self.approves && matches!(work.state, WorkOrderState::Approved { .. } | WorkOrderState::Closed { .. }) {
                section.card {
                    header { h2 { (lang.t("service-actions")) } }
                    div.pad.stack { (self.remark(view, refused, "withdraw-approval", "work-orders-withdraw-approval")) }
                }
            }
            @if self.plans && work.state.is_editable() {
                section.card {
                    header { h2 { (lang.t("service-actions")) } }
                    div.pad.stack {
                        @if status == "on_hold" { (self.remark(view, refused, "resume", "work-orders-resume")) }
                        @else if waits { (self.remark(view, refused, "hold", "work-orders-hold")) }
                        @if waits { (self.remark(view, refused, "cancel", "work-orders-cancel")) (self.remark(view, refused, "give-up", "work-orders-give-up")) }
                        (self.finding_form(view, refused, has_alert))
                    }
                }
            }
        }
    }

    fn finding_form(&self, view: &View, refused: &Refused, has_alert: bool) -> Markup {
        let lang = view.lang;
        let form = refused.or("finding", finding_values(&self.work, view.lang));
        html! {
            details.action open[refused.action == "finding"] {
                summary { (lang.t("work-orders-record-finding")) }
                form.stack method="post" action={ "/work-orders/" (self.work.id) "/finding" } {
                    (finding_fields(lang, &form, "finding-", has_alert))
                    div { button.btn2 type="submit" { (lang.t("save")) } }
                }
            }
        }
    }

    fn remark(&self, view: &View, refused: &Refused, action: &str, label: &str) -> Markup {
        let form = self.versioned(refused, action);
        let scope = format!("{action}-");
        let f = form.fields(view.lang).scope(&scope);
        html! {
            details.action open[refused.action == action] {
                summary { (view.lang.t(label)) }
                form.stack method="post" action={ "/work-orders/" (self.work.id) "/" (action) } {
                    (f.start()) (f.hidden("version"))
                    (f.area("note", "service-note").attribute("rows", "2"))
                    @if matches!(action, "cancel" | "give-up") && !self.lines.is_empty() { (f.checkbox("waive", "work-orders-charge-nothing")) }
                    div { button.btn2 type="submit" { (view.lang.t(label)) } }
                }
            }
        }
    }
}

/// Who pays, which share, and why.
fn coverage(lang: Lang, line: &Line) -> Markup {
    let word = serde_json::to_value(line.coverage.reason).ok();
    let word = word.as_ref().and_then(|word| word.as_str()).unwrap_or("").to_string();
    let share = line.coverage.covered_share;
    html! {
        (lang.t(&format!("coverage-{word}")))
        @if !share.is_zero() { small { " · " (lang.share(share)) } }
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

/// The fields of a finding, on the office's page and on the phone.
pub fn finding_fields(lang: Lang, form: &Form, scope: &str, has_alert: bool) -> Markup {
    let f = form.fields(lang).scope(scope);
    let verdicts = [
        (String::new(), "—".to_string()),
        ("right".to_string(), lang.t("alerts-verdict-right")),
        ("false_alarm".to_string(), lang.t("alerts-verdict-false-alarm")),
    ];
    html! {
        (f.start())
        @if has_alert { (f.select("verdict", "work-orders-verdict", &verdicts).required()) }
        (f.text("failure_mode", "work-orders-failure-mode").hint("work-orders-failure-mode-hint"))
        (f.text("cause", "work-orders-cause"))
        (f.area("note", "service-note").attribute("rows", "2"))
        (f.checkbox("misuse", "work-orders-misuse"))
    }
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
