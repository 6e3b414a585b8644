//! Triggers that mark what a change of which row puts out of date, see [`crate::records::insight::kpi_changed`].
//!
//! A rule names a table, and whose facts look at its rows. `ROW` stands for the row as it is after an insertion or a
//! change, and as it was before a change or a deletion.

use crate::records::{
    engine::dialect::Trigger,
    insight::kpi_changed::{
        Kind::{self, Invoice, Ticket, WorkOrder},
        repeated_by,
    },
};

struct Rule {
    table: &'static str,
    /// A change counts only if one of these columns is another; all, where none is named.
    columns: &'static [&'static str],
    /// Selects an `id`.
    marks: Vec<(Kind, String)>,
}

fn rule(table: &'static str, columns: &'static [&'static str], marks: Vec<(Kind, String)>) -> Rule {
    Rule { table, columns, marks }
}

fn rules() -> Vec<Rule> {
    let own = |column: &str| format!("SELECT ROW.{column} AS id WHERE ROW.{column} IS NOT NULL");
    let of_invoice = |id: &str| {
        format!(
            "SELECT work_order_id AS id FROM invoice_lines WHERE invoice_id = ROW.{id} AND work_order_id IS NOT NULL"
        )
    };
    let of_payer = |id: &str| format!("SELECT work_order_id AS id FROM lines WHERE payer_id = ROW.{id}");
    let all_where =
        |table: &str, column: &str, is: &str| format!("SELECT id FROM {table} WHERE {column} = ROW.{is}");
    let reported = "(SELECT ROW.asset_id AS asset_id, ROW.reported_at_us AS reported_at_us) t";
    let reported_for = "(SELECT asset_id, reported_at_us FROM tickets WHERE id = ROW.ticket_id) t";
    vec![
        rule(
            "tickets",
            &[],
            vec![
                (Ticket, own("id")),
                (WorkOrder, all_where("work_orders", "ticket_id", "id")),
                (WorkOrder, repeated_by(reported)),
            ],
        ),
        rule("work_orders", &[], vec![(WorkOrder, own("id"))]),
        rule("work_orders", &["failure_mode", "ticket_id"], vec![(WorkOrder, repeated_by(reported_for))]),
        rule("visits", &[], vec![(WorkOrder, own("work_order_id"))]),
        rule("lines", &[], vec![(WorkOrder, own("work_order_id"))]),
        rule("invoices", &[], vec![(Invoice, own("id")), (WorkOrder, of_invoice("id"))]),
        rule("invoice_lines", &[], vec![(Invoice, own("invoice_id")), (WorkOrder, own("work_order_id"))]),
        rule("credit_notes", &[], vec![(Invoice, own("invoice_id")), (WorkOrder, of_invoice("invoice_id"))]),
        rule("payments", &[], vec![(Invoice, own("invoice_id"))]),
        rule(
            "contracts",
            &[],
            vec![
                (
                    Ticket,
                    "SELECT id FROM tickets WHERE customer_id = ROW.customer_id \
                     AND reported_at_us >= ROW.start_us AND reported_at_us < ROW.end_us"
                        .into(),
                ),
                (WorkOrder, of_payer("id")),
            ],
        ),
        rule(
            "contract_assets",
            &[],
            vec![
                (Ticket, all_where("tickets", "asset_id", "asset_id")),
                (WorkOrder, of_payer("contract_id")),
            ],
        ),
        rule("warranties", &[], vec![(WorkOrder, of_payer("id"))]),
        rule(
            "assets",
            &["model_id"],
            vec![
                (Ticket, all_where("tickets", "asset_id", "id")),
                (WorkOrder, all_where("work_orders", "asset_id", "id")),
            ],
        ),
        rule(
            "sites",
            &["territory_id"],
            vec![
                (Ticket, all_where("tickets", "site_id", "id")),
                (WorkOrder, all_where("work_orders", "site_id", "id")),
            ],
        ),
        rule(
            "organisation",
            &["currency", "time_zone"],
            Kind::ALL.map(|kind| (kind, format!("SELECT id FROM {}", kind.table()))).into(),
        ),
    ]
}

/// One trigger for each rule and each way to change a row.
pub(super) fn triggers() -> Vec<Trigger> {
    let mut triggers = Vec::new();
    for (number, rule) in rules().iter().enumerate() {
        for (event, rows) in
            [("INSERT", &["NEW"][..]), ("UPDATE", &["OLD", "NEW"][..]), ("DELETE", &["OLD"][..])]
        {
            let another =
                rule.columns.iter().map(|column| format!("OLD.{column} IS DISTINCT FROM NEW.{column}"));
            let another: Vec<String> = another.collect();
            triggers.push(Trigger {
                name: format!("kpi_{number}_{}_{}", rule.table, event.to_lowercase()),
                table: rule.table,
                event: event.into(),
                when: (event == "UPDATE" && !another.is_empty()).then(|| another.join(" OR ")),
                body: rows.iter().flat_map(|row| marking(rule, row)).collect(),
            });
        }
    }
    triggers
}

fn marking(rule: &Rule, row: &str) -> Vec<String> {
    let mark = |(kind, select): &(Kind, String)| {
        format!(
            "INSERT INTO kpi_changed (kind, subject_id) SELECT DISTINCT '{}', id FROM ({}) AS found WHERE TRUE \
             ON CONFLICT (kind, subject_id) DO UPDATE SET rebuild = FALSE, error = NULL",
            kind.as_str(),
            select.replace("ROW.", &format!("{row}.")),
        )
    };
    rule.marks.iter().map(mark).collect()
}
