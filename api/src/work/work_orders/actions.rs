//! What is done to a work order, on its page and by programs.

use super::{
    APPROVERS, KEEPERS, PLANNERS, PLANNERS_AND_PROGRAMS, WORKERS,
    json::{ChecklistItemJson, LineJson, WorkOrderJson},
    page::{WorkOrderPage, finding_values},
    view::line_kind,
};
use domain::{
    id::{LineId, WorkOrderId},
    reason::Reason,
    work::{
        line::LineKind,
        work_order::{WorkOrder, WorkOrderState},
    },
};
use service::{
    command::{CommandError, Context},
    deps::Deps,
    work::work_orders::{
        commands,
        lines::{self, LineChangeInput, LineInput},
    },
};
use web::{
    actions::{Action, Actions},
    chooser::Kind,
    i18n::Lang,
    inputs::{Inputs, area, checkbox, choose, decimal, hidden, instant, mark, money, select, text, version},
    operation::{Call, Command, Operation, call},
};

/// Why somebody else was faster.
const CONFLICT: &[(&str, &str)] = &[("409", "")];

pub fn actions() -> Actions<WorkOrderPage> {
    let step = |path, means, call| {
        let operation = Operation::post(path, PLANNERS_AND_PROGRAMS, means, call);
        Action::<WorkOrderPage>::new(operation.refusals(CONFLICT)).asks(remark)
    };
    let approval = |path, means, call| {
        Action::<WorkOrderPage>::new(Operation::post(path, APPROVERS, means, call).refusals(CONFLICT))
    };
    let work = |path, means, call| Action::<WorkOrderPage>::new(Operation::post(path, WORKERS, means, call));
    let list = vec![
        step("/api/v1/work-orders/{id}/hold", "Waits; the note says for what.", told(commands::hold))
            .people(PLANNERS, "work-orders-hold")
            .when(|page| page.waits() && !page.is_on_hold()),
        step("/api/v1/work-orders/{id}/resume", "Goes on after waiting.", told(commands::resume))
            .people(PLANNERS, "work-orders-resume")
            .when(WorkOrderPage::is_on_hold),
        step(
            "/api/v1/work-orders/{id}/cancel",
            "Cancels it with its planned visits; the note says why.",
            told(commands::cancel),
        )
        .people(PLANNERS, "work-orders-cancel")
        .asks(ending)
        .when(WorkOrderPage::waits),
        step(
            "/api/v1/work-orders/{id}/give-up",
            "It cannot be completed; the note says why.",
            told(commands::give_up),
        )
        .people(PLANNERS, "work-orders-give-up")
        .asks(ending)
        .when(WorkOrderPage::waits),
        approval(
            "/api/v1/work-orders/{id}/approve",
            "Approves a work order that has ended for billing.\nHowever it ended; one without lines to bill is closed.",
            told(commands::approve),
        )
        .people(APPROVERS, "work-orders-approve")
        .when(WorkOrderPage::waits_for_approval),
        approval(
            "/api/v1/work-orders/{id}/withdraw-approval",
            "Takes an approval back, so that lines can be corrected and approved again; the note says why.",
            told(commands::withdraw_approval),
        )
        .people(APPROVERS, "work-orders-withdraw-approval")
        .asks(remark)
        .when(|page| {
            matches!(page.work.state, WorkOrderState::Approved { .. } | WorkOrderState::Closed { .. })
        }),
        Action::new(
            Operation::post("/api/v1/work-orders/{id}/notes", WORKERS, "Adds a note.", told(commands::add_note))
                .named("note")
                .refusals(CONFLICT),
        )
        .people(PLANNERS, "service-add-note")
        .posted_to("/work-orders/{id}/note")
        .asks(remark),
        work(
            "/api/v1/work-orders/{id}/finding",
            "What was found: the verdict on the alert, how it failed and why.",
            told(commands::record_finding),
        )
        .people(PLANNERS, "work-orders-record-finding")
        .button("save")
        .asks(finding)
        .showing(|page, lang| finding_values(&page.work, lang))
        .when(|page| page.work.state.is_editable()),
        Action::new(
            Operation::post(
                "/api/v1/work-orders/{id}/signature",
                WORKERS,
                "The customer's signature.",
                told(commands::sign),
            )
            .named("sign"),
        )
        .people(PLANNERS, "service-signature")
        .asks(|_| signature()),
        Action::new(
            Operation::post(
                "/api/v1/work-orders/{id}/checklist/{item}",
                WORKERS,
                "Ticks a checklist item off, or open again.",
                call::<ChecklistItemJson, _, _, _>(commands::tick),
            )
            .named("tick"),
        )
        .people(PLANNERS, "service-checklist")
        .asks(|_| Inputs::new([checkbox("done", "")]))
        .anchor("#checklist"),
        Action::new(
            Operation::post(
                "/api/v1/work-orders/{id}/lines",
                WORKERS,
                "Records what was used. A part leaves its stock in the same transaction.",
                call::<LineJson, _, _, _>(add_line),
            )
            .named("add_line")
            .creates()
            .refusals(&[("409", "insufficient_stock")]),
        )
        .people(KEEPERS, "work-orders-add-line")
        .asks(new_line)
        .anchor("#lines"),
        // The page's form can also take the line off: see `pages::change_line`.
        Action::new(
            Operation::post(
                "/api/v1/work-orders/{id}/lines/{line}",
                KEEPERS,
                "Corrects a line before approval; who pays is decided again.",
                call::<LineJson, _, _, _>(change_line),
            )
            .named("change_line"),
        ),
    ];
    Actions::new("work orders", list)
}

fn told<I>(command: impl for<'a> Command<'a, WorkOrderId, I, Out = WorkOrder>) -> Call
where
    I: serde::de::DeserializeOwned + utoipa::ToSchema + Send + 'static,
{
    call::<WorkOrderJson, _, _, _>(command)
}

async fn add_line(
    deps: &Deps,
    cx: Context,
    id: WorkOrderId,
    input: LineInput,
) -> Result<LineJson, CommandError> {
    let sees_costs = cx.actor.role.sees_costs();
    LineJson::first(lines::record(deps, cx, id, input).await?, sees_costs)
}

async fn change_line(
    deps: &Deps,
    cx: Context,
    line: (WorkOrderId, LineId),
    input: LineChangeInput,
) -> Result<LineJson, CommandError> {
    let sees_costs = cx.actor.role.sees_costs();
    LineJson::first(lines::change(deps, cx, line, input).await?, sees_costs)
}

fn remark(_: Lang) -> Inputs {
    Inputs::new([version(), area("note", "service-note", "2")])
}

fn ending(_: Lang) -> Inputs {
    let waive = mark("waive", "work-orders-charge-nothing", "nothing").at("charge");
    Inputs::new([version(), area("note", "service-note", "2"), waive])
}

/// What is asked of `work`: without an alert there is no verdict to give.
pub fn finding_of(lang: Lang, work: &WorkOrder) -> Inputs {
    let asked = finding(lang);
    if work.alert_group_id.is_some() { asked } else { asked.without("verdict") }
}

pub fn finding(lang: Lang) -> Inputs {
    let verdicts = [("", "—".into()), ("right", lang.t("alerts-verdict-right"))];
    let verdicts = verdicts.into_iter().chain([("false_alarm", lang.t("alerts-verdict-false-alarm"))]);
    let verdicts = verdicts.map(|(word, text)| (word.to_owned(), text)).collect();
    Inputs::new([
        select("verdict", "work-orders-verdict", verdicts).required_if_drawn(),
        text("failure_mode", "work-orders-failure-mode").hint("work-orders-failure-mode-hint"),
        text("cause", "work-orders-cause"),
        area("note", "service-note", "2"),
        checkbox("misuse", "work-orders-misuse"),
    ])
}

pub fn signature() -> Inputs {
    let name = text("name", "my-day-signer").required().hint("my-day-signer-hint");
    Inputs::new([name.attribute("autocomplete", "off"), hidden("image")])
}

/// A part, or what the catalogue does not have.
pub fn new_line(lang: Lang) -> Inputs {
    let kinds = [
        ("part", LineKind::Part),
        ("labour", LineKind::Labour),
        ("travel", LineKind::Travel),
        ("expense", LineKind::Expense),
    ];
    let kinds = kinds.map(|(word, kind)| (word.to_owned(), line_kind(lang, kind)));
    Inputs::new([
        select("kind", "work-orders-line-kind", kinds.into()),
        choose("part", "parts-part", Kind::Parts)
            .at("part_id")
            .hint("work-orders-part-hint")
            .wrong(Reason::PartsNoSuchPart),
        choose("stock_location_id", "parts-from", Kind::Places),
        text("description", "service-description"),
        decimal("quantity", "service-quantity").required(),
        money("unit_price", "work-orders-price").hint("work-orders-price-hint"),
        instant("at", "work-orders-line-at").hint("work-orders-line-at-hint"),
    ])
}

/// What the office corrects of a line.
pub fn line_change() -> Inputs {
    Inputs::new([
        text("description", "service-description"),
        decimal("quantity", "service-quantity").required(),
        money("unit_price", "work-orders-price").required(),
        checkbox("goodwill", "work-orders-goodwill"),
    ])
}
