//! What needs somebody now: open tickets by their promised time, then by what waiting costs.

use crate::{
    command::CommandError,
    kpis::facts::promise,
    web::{icon::icon, request::View},
};
use chrono::TimeDelta;
use domain::{
    Timestamp,
    account::Scope,
    asset::Asset,
    calendar::later,
    id::AssetId,
    service::{
        contract::{Contract, ContractState},
        ticket::{Ticket, TicketSource},
    },
};
use maud::{Markup, html};
use std::collections::{BTreeSet, HashMap};
use store::records::{Connection, PageRequest, assets, contracts, tickets};

/// A promise that must be kept within this time is at risk.
const AT_RISK: TimeDelta = TimeDelta::hours(2);
/// Open tickets looked at: the newest.
const LOOKED_AT: u64 = 500;
const SHOWN: usize = 6;

pub struct Attention {
    items: Vec<Item>,
    /// Tickets whose promise is late or nearly so.
    pub at_risk: i64,
    pub open: u64,
}

struct Item {
    ticket: Ticket,
    asset: Option<Asset>,
    due: Option<Timestamp>,
}

/// The earliest promise that is not kept yet.
fn due(ticket: &Ticket, contracts: &[Contract]) -> Option<Timestamp> {
    let covering = contracts.iter().filter(|contract| {
        contract.customer_id == ticket.customer_id && contract.covers_asset(ticket.asset_id)
    });
    let promise = promise(covering, ticket.reported_at);
    let after = |hours: u32| later(ticket.reported_at, TimeDelta::hours(i64::from(hours)));
    let response = promise.response_hours.filter(|_| ticket.first_response_at.is_none()).map(after);
    let restore = promise.restore_hours.filter(|_| ticket.restored_at.is_none()).map(after);
    response.into_iter().chain(restore).min()
}

pub async fn load(db: &impl Connection, scope: Scope, now: Timestamp) -> Result<Attention, CommandError> {
    let filter = tickets::Filter { open: Some(true), ..tickets::Filter::default() };
    let found = tickets::list(db, scope, &filter, &PageRequest::first(LOOKED_AT)).await?.items;
    let in_force =
        contracts::Filter { state: Some((ContractState::Active, now)), ..contracts::Filter::default() };
    let contracts =
        contracts::list(db, scope, &in_force, &PageRequest::first(PageRequest::MAX_LIMIT)).await?.items;
    let ids: BTreeSet<AssetId> = found.iter().map(|ticket| ticket.asset_id).collect();
    let machines: HashMap<AssetId, Asset> = assets::by_ids(db, ids).await?;
    let mut items: Vec<Item> = found
        .into_iter()
        .map(|ticket| {
            let (asset, due) = (machines.get(&ticket.asset_id).cloned(), due(&ticket, &contracts));
            Item { ticket, asset, due }
        })
        .collect();
    let cost = |item: &Item| {
        item.asset.as_ref().and_then(|asset| asset.downtime_cost_per_hour).map_or(0, |m| m.minor)
    };
    items.sort_by_key(|item| {
        let due = item.due.unwrap_or(Timestamp::MAX_UTC);
        (due, std::cmp::Reverse(item.ticket.priority), std::cmp::Reverse(cost(item)))
    });
    let at_risk = items.iter().filter(|item| item.due.is_some_and(|due| due - now < AT_RISK)).count();
    let open = tickets::count(db, scope, &filter).await?;
    items.truncate(SHOWN);
    Ok(Attention { items, at_risk: i64::try_from(at_risk).unwrap_or(i64::MAX), open })
}

impl Attention {
    pub fn card(&self, view: &View, now: Timestamp) -> Markup {
        let lang = view.lang;
        html! {
            section.card {
                header { h2 { (lang.t("overview-attention")) } a href="/dispatch" { (lang.t("overview-open-dispatch")) } }
                @if self.items.is_empty() { p.nothing { (lang.t("overview-attention-none")) } }
                ul.rows {
                    @for item in &self.items {
                        @let (class, late) = urgency(item.due, now);
                        li {
                            span class={ "st " (class) } { (icon(if item.ticket.source == TicketSource::Automatic { "trend" } else { "alert" })) }
                            div {
                                h3 { a href={ "/tickets/" (item.ticket.id) } { @if let Some(asset) = &item.asset { (asset.name) " · " } (view.lang.phrase(&item.ticket.subject)) } }
                                p { (item.ticket.number) " · " (lang.t(&format!("overview-priority-{}", item.ticket.priority.as_str())))
                                    @if let Some(cost) = item.asset.as_ref().and_then(|asset| asset.downtime_cost_per_hour) { " · " (lang.money(cost)) " / h" } }
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
