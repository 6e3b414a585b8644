//! Work order pages for the office: the list, planning without a ticket, and one job.

use super::{
    PLANNERS,
    actions::line_change,
    list::WorkOrders,
    page::WorkOrderPage,
    view::{priority_options, skill_options},
};
use crate::choices;
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use domain::{
    id::{LineId, WorkOrderId},
    reason::Reason,
    work::{checklist::standard_items, work_order::WorkOrderKind},
};
use maud::{Markup, html};
use service::{
    command::CommandError,
    work::work_orders::{
        commands::{self, NewWorkOrder},
        lines,
    },
};
use store::records::work::lines as line_records;
use web::{
    actions::{Page, Posted, again},
    chooser::Kind,
    deps::Deps,
    form::Form,
    i18n::Lang,
    icon::icon,
    inputs::{self, Inputs, area, checkbox, choose, select, text, whole},
    layout,
    list::ListQuery,
    listing,
    request::{Caller, User, View},
    response::{PageResult, see_other},
};

pub async fn list(State(deps): State<Deps>, view: View, query: ListQuery) -> PageResult {
    listing::page::<WorkOrders>(deps, view, query, |view, list| {
        let lang = view.lang;
        html! {
            header.top {
                div { h1 { (lang.t("nav-work-orders")) } p.sub { (lang.t("work-orders-lead")) } }
                @if PLANNERS.admits(view.user.as_ref()) { a.btn href="/work-orders/new" { (icon("plus")) (lang.t("work-orders-new")) } }
            }
            (list.filters)
            (list.table)
        }
    })
    .await
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
    let form = choices::settle(&deps, &view, form, &planned(view.lang).chosen()).await?;
    Ok(draw_new(&view, &form).into_response())
}

fn planned(lang: Lang) -> Inputs {
    let kind =
        |kind: WorkOrderKind| (kind.as_str().into(), lang.t(&format!("work_order-kind-{}", kind.as_str())));
    Inputs::new([
        choose("asset_id", "service-asset", Kind::Assets).required(),
        select("kind", "work-orders-kind", WorkOrderKind::ALL.map(kind).into()).or("corrective"),
        text("subject", "work-orders-subject").required().attribute("maxlength", "200"),
        area("description", "service-description", "3"),
        select("priority", "service-priority", priority_options(lang)).or("medium"),
        select("required_skill", "work-orders-skill", skill_options(lang)).at("plan.required_skill"),
        whole("estimated_minutes", "work-orders-minutes", Reason::WorkOrdersMinutesRange)
            .at("plan.estimated_minutes")
            .required(),
        checkbox("standard_checklist", "work-orders-checklist-standard").only_drawn(),
        inputs::lines("checklist", "work-orders-checklist-extra", "3")
            .at("plan.checklist")
            .hint("work-orders-checklist-hint"),
        checkbox("requires_signature", "work-orders-requires-signature").at("plan.requires_signature"),
    ])
}

pub async fn create(State(deps): State<Deps>, view: View, Caller(cx): Caller, form: Form) -> PageResult {
    let inputs = planned(view.lang);
    let form = choices::settle(&deps, &view, form, &inputs.chosen()).await?;
    let made = match inputs.read::<NewWorkOrder>(&form, &view) {
        Ok(input) => commands::create(&deps, form.context(cx), with_standard_items(&form, input)).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(work) => Ok(see_other(&WorkOrderPage::address(work.id))),
        Err(error) => form.again(inputs.named(error), |form| draw_new(&view, form)),
    }
}

/// The items of the kind come before those that were typed.
fn with_standard_items(form: &Form, mut input: NewWorkOrder) -> NewWorkOrder {
    let standard = if form.checked("standard_checklist") { standard_items(input.kind) } else { vec![] };
    let typed = input.plan.checklist.take().unwrap_or_default();
    input.plan.checklist = Some(standard.into_iter().chain(typed).collect());
    input
}

fn draw_new(view: &View, form: &Form) -> Markup {
    let lang = view.lang;
    let title = lang.t("work-orders-new");
    layout::page(
        view,
        &title,
        &html! {
            header.top { div { p.crumb { a href="/work-orders" { (lang.t("nav-work-orders")) } } h1 { (title) } } }
            form.card.pad.stack.narrow method="post" action="/work-orders" {
                (planned(lang).draw(form.fields(lang)))
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
    let page = WorkOrderPage::load(&deps, &view, &user, id).await?;
    Ok(page.draw(&view, &Posted::nothing()).into_response())
}

/// The form of a line: corrected, or taken off.
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
        lines::remove(&deps, cx, (id, line)).await
    } else {
        match read_change(&deps, &view, line, &form).await {
            Ok(change) => lines::change(&deps, cx, (id, line), change).await.map(drop),
            Err(error) => Err(error),
        }
    };
    match done {
        Ok(()) => Ok(see_other(&format!("/work-orders/{id}#lines"))),
        Err(error) => {
            again::<WorkOrderPage>(&deps, &view, &user, id, (format!("lines/{line}"), form), error).await
        }
    }
}

async fn read_change(
    deps: &Deps,
    view: &View,
    line: LineId,
    form: &Form,
) -> Result<lines::LineChangeInput, CommandError> {
    let before = line_records::get(deps.records.read(), line).await?.ok_or(CommandError::NotFound)?;
    line_change().in_currency(Some(before.unit_price.currency)).read(form, view)
}
