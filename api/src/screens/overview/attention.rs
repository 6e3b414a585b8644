//! What needs somebody now: open tickets by their promised time, then by what waiting costs.

use chrono::TimeDelta;
use domain::{
    Timestamp, fleet::asset::Asset, id::AssetId, people::account::Scope, work::ticket::TicketSource,
};
use maud::{Markup, html};
use service::command::CommandError;
use std::collections::{BTreeSet, HashMap};
use store::records::{Db, fleet::assets, work::tickets};
use web::{icon::icon, request::View};

/// A promise that must be kept within this time is at risk.
const AT_RISK: TimeDelta = TimeDelta::hours(2);
const SHOWN: u64 = 6;

pub struct Attention {
    /// The open tickets; at risk are those whose promise is late or nearly so.
    pub tickets: tickets::Open,
    /// Their assets.
    machines: HashMap<AssetId, Asset>,
}

pub async fn load(db: &Db, scope: Scope, now: Timestamp) -> Result<Attention, CommandError> {
    let tickets = tickets::open(db, scope, SHOWN, now + AT_RISK).await?;
    let of: BTreeSet<AssetId> = tickets.first.iter().map(|item| item.ticket.asset_id).collect();
    Ok(Attention { machines: assets::by_ids(db, of).await?, tickets })
}

impl Attention {
    pub fn card(&self, view: &View, now: Timestamp) -> Markup {
        let lang = view.lang;
        html! {
            section.card {
                header { h2 { (lang.t("overview-attention")) } a href="/dispatch" { (lang.t("overview-open-dispatch")) } }
                @if self.tickets.first.is_empty() { p.nothing { (lang.t("overview-attention-none")) } }
                ul.rows {
                    @for item in &self.tickets.first {
                        @let (class, late) = urgency(item.due, now);
                        @let asset = self.machines.get(&item.ticket.asset_id);
                        li {
                            span class={ "st " (class) } { (icon(if item.ticket.source == TicketSource::Automatic { "trend" } else { "alert" })) }
                            div {
                                h3 { a href={ "/tickets/" (item.ticket.id) } { @if let Some(asset) = asset { (asset.name) " · " } (view.lang.phrase(&item.ticket.subject)) } }
                                p { (item.ticket.number) " · " (lang.t(&format!("overview-priority-{}", item.ticket.priority.as_str())))
                                    @if let Some(cost) = asset.and_then(|asset| asset.downtime_cost_per_hour) { " · " (lang.money(cost)) " / h" } }
                            }
                            @match item.due {
                                Some(due) => span class={ "pill " (class) } { "SLA " @if late { "−" } (duration(due, now)) },
                                None => span.pill { (lang.t("overview-no-sla")) },
                            }
                        }
                    }
                }
            }
        }
    }
}

fn urgency(due: Option<Timestamp>, now: Timestamp) -> (&'static str, bool) {
    match due.map(|due| due - now) {
        Some(left) if left < TimeDelta::zero() => ("crit", true),
        Some(left) if left < AT_RISK => ("crit", false),
        Some(left) if left < AT_RISK * 2 => ("warn", false),
        _ => ("", false),
    }
}

fn duration(due: Timestamp, now: Timestamp) -> String {
    let minutes = (due - now).num_minutes().abs();
    if minutes >= 2 * 24 * 60 {
        format!("{} d", minutes / 1440)
    } else {
        format!("{} h {} m", minutes / 60, minutes % 60)
    }
}
