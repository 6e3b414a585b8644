//! The demo's service history: what people did about each fault and each planned stop, carried out by the same
//! commands that people use, at the times at which they would have used them.

use super::{
    plan::{self, ASSETS, CUSTOMERS, Fault, MODELS, Service, TECHNICIANS},
    records::Things,
};
use crate::{
    command::{CommandError, Context, circumstances},
    deps::Deps,
    money::billing::{
        commands::{self as billing, NewInvoice},
        payments::{self, NewPayment},
        periods::{self, Standing},
    },
    work::{
        tickets::commands::{self as tickets, Draft, NewTicket, Remark},
        visits::commands::{self as visits, Booking, Finish, Press},
        work_orders::{
            commands::{self as work_orders, NewFinding, NewSignature, NewWorkOrder, Plan, TickInput},
            lines::{self, UsedPart},
        },
    },
};
use chrono::{Datelike, TimeDelta};
use domain::{
    Timestamp,
    calendar::{date_of, start_of_day},
    condition::alert::{Alert, Verdict},
    id::{AccountId, AssetId, CustomerId, TechnicianId, TicketId, VisitId, WorkOrderId},
    money::{
        invoice::Invoice,
        payment::{Direction, PaymentMethod},
    },
    people::account::{Actor, Identity, Role, Source},
    work::{
        Priority,
        ticket::{PriorityReason, TicketSource, assess},
        visit::Outcome,
        work_order::WorkOrderKind,
    },
};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use store::records::{
    PageRequest, condition::alerts, fleet::assets, money::contracts, people::organisation, work::checklists,
};

pub struct History<'a> {
    pub deps: &'a Deps,
    pub things: &'a Things,
    pub anchor: Timestamp,
    /// Who plans and bills.
    pub dispatcher: AccountId,
}

/// What happened to one machine, in the order in which it was reported.
enum Episode {
    Fault(Fault),
    Service(Service),
}

/// Hands on the share that is done.
pub type Progress<'a> = &'a (dyn Fn(f64) + Sync);

const TRAVEL: TimeDelta = TimeDelta::minutes(50);

impl History<'_> {
    pub async fn run(&self, progress: Progress<'_>) -> Result<(), CommandError> {
        let mut episodes: Vec<(Timestamp, Episode)> =
            plan::faults(self.anchor).into_iter().map(|fault| (fault.full, Episode::Fault(fault))).collect();
        let services = plan::services(self.anchor);
        episodes.extend(services.into_iter().map(|service| (service.from, Episode::Service(service))));
        episodes.sort_by_key(|(at, _)| *at);
        let mut done: BTreeMap<(i32, u32, CustomerId), Vec<WorkOrderId>> = BTreeMap::new();
        let count = episodes.len() as f64;
        for ((_, episode), number) in episodes.into_iter().zip(1..) {
            let (asset, ended, work) = match episode {
                Episode::Fault(fault) => (fault.asset, fault.restored, self.repair(fault).await?),
                Episode::Service(service) => (service.asset, service.to, self.service(service).await?),
            };
            let customer = self.things.customers[ASSETS[asset].customer];
            done.entry((ended.year(), ended.month(), customer)).or_default().push(work);
            progress(f64::from(number) / count);
        }
        for ((year, month, _), work_orders) in done {
            self.bill(year, month, work_orders).await?;
        }
        self.bill_contracts(self.anchor).await?;
        self.upcoming().await
    }

    /// From the report to the closed ticket.
    async fn repair(&self, fault: Fault) -> Result<WorkOrderId, CommandError> {
        let asset = self.things.assets[fault.asset];
        let alert = self.alert_of(asset, fault).await?;
        let reported = match &alert {
            Some(alert) => alert.raised_at.max(fault.onset) + TimeDelta::minutes(1),
            None => fault.full + TimeDelta::minutes(15),
        };
        let ticket = match &alert {
            Some(alert) => self.open_for(alert, asset, fault, reported).await?,
            None => self.report(asset, fault, reported).await?,
        };
        let model = &MODELS[ASSETS[fault.asset].model];
        let plan =
            Plan { required_skill: Some(model.skill.into()), estimated_minutes: 150, ..Plan::default() };
        let planned = (reported + TimeDelta::minutes(18)).min(fault.restored - TimeDelta::hours(4));
        let planned = planned.max(reported);
        let work = work_orders::create_from_ticket(self.deps, self.desk(planned), ticket, plan).await?;
        let arrives =
            (fault.restored - TimeDelta::minutes(130)).max(planned + TRAVEL + TimeDelta::minutes(20));
        let ends = fault.restored.max(arrives + TimeDelta::minutes(40));
        let technician = technician_for(fault.asset);
        let visit = self.send(work.id, technician, planned + TimeDelta::minutes(6), arrives).await?;
        let (part, quantity) = fault.mode.part();
        self.use_part(work.id, visit, part, quantity, arrives + TimeDelta::minutes(25)).await?;
        let finding = NewFinding {
            verdict: alert.as_ref().map(|_| Verdict::Right),
            failure_mode: Some(fault.mode.subject().to_lowercase()),
            cause: Some(fault.mode.cause().into()),
            ..NewFinding::default()
        };
        self.settle(work.id, visit, finding, ends).await?;
        tickets::close(self.deps, self.desk(ends + TimeDelta::hours(20)), ticket, Remark::default()).await?;
        self.approve(work.id, ends + TimeDelta::hours(18)).await?;
        Ok(work.id)
    }

    async fn service(&self, service: Service) -> Result<WorkOrderId, CommandError> {
        let planned = service.from - TimeDelta::days(6);
        let work = self.plan_service(service.asset, planned).await?;
        let arrives = service.from + TimeDelta::minutes(5);
        let visit =
            self.send(work, technician_for(service.asset), planned + TimeDelta::hours(1), arrives).await?;
        let finding = NewFinding { note: "Nothing unusual.".into(), ..NewFinding::default() };
        self.settle(work, visit, finding, service.to).await?;
        self.approve(work, service.to + TimeDelta::hours(15)).await?;
        Ok(work)
    }

    /// The first alert that analytics raised about this fault.
    async fn alert_of(&self, asset: AssetId, fault: Fault) -> Result<Option<Alert>, CommandError> {
        let filter = alerts::Filter {
            show: alerts::Show::All,
            asset: Some(asset),
            raised_from: Some(fault.onset),
            raised_to: Some(fault.restored),
            ..alerts::Filter::default()
        };
        let page = PageRequest::first(PageRequest::MAX_LIMIT);
        let found =
            alerts::list(self.deps.records.read(), Actor::system().scope(), &filter, self.anchor, &page)
                .await?;
        Ok(found.items.into_iter().min_by_key(|alert| alert.raised_at))
    }

    async fn open_for(
        &self,
        alert: &Alert,
        asset: AssetId,
        fault: Fault,
        at: Timestamp,
    ) -> Result<TicketId, CommandError> {
        let cx = Context::system(at);
        let tx = self.deps.records.begin().await?;
        let equipment = assets::get(&tx, asset).await?.ok_or(CommandError::NotFound)?;
        let draft = Draft {
            asset,
            subject: fault.mode.subject().into(),
            description: String::new(),
            source: TicketSource::Automatic,
            alert_group: Some(alert.group_id),
            priority: assess(alert.severity, equipment.criticality, equipment.downtime_cost_per_hour),
            reason: PriorityReason::Computed {
                severity: alert.severity,
                criticality: equipment.criticality,
                downtime_cost_per_hour: equipment.downtime_cost_per_hour,
            },
            fault_at: Some(alert.raised_at),
            reported_at: at,
            note: Some("note-opened-by-rule"),
        };
        let ticket = tickets::open_within(&tx, &circumstances(&cx, None)?, draft).await?;
        alerts::ticket_opened(&tx, alert.group_id, ticket.id).await?;
        tx.commit().await?;
        Ok(ticket.id)
    }

    async fn report(&self, asset: AssetId, fault: Fault, at: Timestamp) -> Result<TicketId, CommandError> {
        let input = NewTicket {
            asset_id: asset,
            subject: fault.mode.subject().into(),
            description: "Reported by phone.".into(),
            priority: Some(if fault.trips { Priority::High } else { Priority::Medium }),
            fault_at: Some(fault.full),
            reported_at: None,
        };
        Ok(tickets::open(self.deps, self.desk(at), input).await?.id)
    }

    async fn plan_service(&self, asset: usize, at: Timestamp) -> Result<WorkOrderId, CommandError> {
        let model = &MODELS[ASSETS[asset].model];
        let input = NewWorkOrder {
            asset_id: self.things.assets[asset],
            kind: WorkOrderKind::Preventive,
            subject: "Quarterly service".into(),
            description: String::new(),
            priority: Priority::Low,
            plan: Plan {
                required_skill: Some(model.skill.into()),
                estimated_minutes: 120,
                ..Plan::default()
            },
        };
        Ok(work_orders::create(self.deps, self.desk(at), input).await?.id)
    }

    /// Books and dispatches, and the technician sets off in time to arrive.
    async fn send(
        &self,
        work: WorkOrderId,
        technician: usize,
        at: Timestamp,
        arrives: Timestamp,
    ) -> Result<VisitId, CommandError> {
        let id = self.things.technicians[technician];
        let booking =
            Booking { technician_id: id, start: arrives, minutes: None, dispatch: true, allow_overlap: true };
        let visit = visits::book(self.deps, self.desk(at), work, booking).await?.id;
        let leaves = (arrives - TRAVEL).max(at + TimeDelta::minutes(2));
        let accepts = (at + TimeDelta::minutes(9)).min(leaves);
        visits::accept(self.deps, phone(id, accepts), visit, Press::default()).await?;
        visits::travel(self.deps, phone(id, leaves), visit, Press::default()).await?;
        visits::arrive(self.deps, phone(id, arrives), visit, Press::default()).await?;
        Ok(visit)
    }

    async fn use_part(
        &self,
        work: WorkOrderId,
        visit: VisitId,
        part: usize,
        quantity: i64,
        at: Timestamp,
    ) -> Result<(), CommandError> {
        let input = UsedPart {
            part_id: self.things.parts[part],
            quantity: Decimal::from(quantity),
            stock_location_id: None,
            visit_id: Some(visit),
            serial_number: None,
            at: None,
        };
        match lines::use_part(self.deps, mobile(at), work, input).await {
            // The van has run out, as vans do: it came with the customer's own stock.
            Err(CommandError::Refused { .. } | CommandError::Invalid(_)) => Ok(()),
            result => result.map(drop),
        }
    }

    async fn settle(
        &self,
        work: WorkOrderId,
        visit: VisitId,
        finding: NewFinding,
        ends: Timestamp,
    ) -> Result<(), CommandError> {
        for item in checklists::of_work_order(self.deps.records.read(), work).await? {
            work_orders::tick(
                self.deps,
                mobile(ends - TimeDelta::minutes(12)),
                (work, item.id),
                TickInput { done: true, at: None },
            )
            .await?;
        }
        work_orders::record_finding(self.deps, mobile(ends - TimeDelta::minutes(8)), work, finding).await?;
        let signature = NewSignature { name: "Site manager".into(), image: None, at: None };
        work_orders::sign(self.deps, mobile(ends - TimeDelta::minutes(3)), work, signature).await?;
        visits::finish(
            self.deps,
            mobile(ends),
            visit,
            Finish {
                outcome: Outcome::Fixed,
                note: String::new(),
                at: None,
                latitude: None,
                longitude: None,
            },
        )
        .await?;
        Ok(())
    }

    async fn approve(&self, work: WorkOrderId, at: Timestamp) -> Result<(), CommandError> {
        if at < self.anchor {
            work_orders::approve(self.deps, self.desk(at), work, Remark::default()).await?;
        }
        Ok(())
    }

    /// Each month's work on one invoice in the first days of the next; the older ones are paid.
    async fn bill(&self, year: i32, month: u32, work_orders: Vec<WorkOrderId>) -> Result<(), CommandError> {
        let (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
        let first = chrono::NaiveDate::from_ymd_opt(year, month, 3).and_then(|day| day.and_hms_opt(9, 0, 0));
        let Some(at) = first.map(|at| at.and_utc()).filter(|at| *at < self.anchor) else { return Ok(()) };
        // Numbers follow the days on the papers.
        self.bill_contracts(at).await?;
        let input = NewInvoice { work_orders: work_orders.into_iter().collect() };
        let invoice = billing::create_from_work_orders(self.deps, self.desk(at), input).await?;
        self.issue(invoice, at, at + TimeDelta::days(i64::from(16 + month))).await
    }

    /// The price of every contract, month by month as it falls due before `until`.
    async fn bill_contracts(&self, until: Timestamp) -> Result<(), CommandError> {
        let db = self.deps.records.read();
        let Some(ours) = organisation::get(db).await? else { return Ok(()) };
        let mut due = Vec::new();
        let all = contracts::invoiced(db).await?;
        for contract in all.into_iter().filter(|c| self.things.customers.contains(&c.customer_id)) {
            let plan = periods::plan(db, &contract, &ours, date_of(until, ours.zone())).await?;
            let open = plan.iter().filter(|planned| planned.standing == Standing::Due);
            due.extend(open.map(|planned| {
                (start_of_day(planned.period.due, ours.zone()) + TimeDelta::hours(8), contract.id)
            }));
        }
        due.sort_unstable();
        for (at, contract) in due.into_iter().filter(|(at, _)| *at < until) {
            let draft = periods::create_draft(self.deps, self.desk(at), contract).await?;
            self.issue(draft, at, at + TimeDelta::days(12)).await?;
        }
        Ok(())
    }

    async fn issue(&self, invoice: Invoice, at: Timestamp, paid_at: Timestamp) -> Result<(), CommandError> {
        let issued = self.desk(at + TimeDelta::minutes(20));
        let invoice = billing::issue(self.deps, issued, invoice.id).await?;
        let amount = invoice.totals()?.total;
        if paid_at < self.anchor && amount.minor > 0 {
            let payment = NewPayment {
                invoice_id: invoice.id,
                amount,
                direction: Direction::In,
                method: PaymentMethod::BankTransfer,
                at: None,
                reference: String::new(),
            };
            payments::record(self.deps, self.desk(paid_at), payment).await?;
        }
        Ok(())
    }

    /// What is still to do when the newcomer looks: visits of today and tomorrow, and jobs without a visit.
    async fn upcoming(&self) -> Result<(), CommandError> {
        for (asset, hours) in [(14, 2), (18, 5), (16, 26), (9, 4), (4, 3), (20, 7)] {
            let work = self.plan_service(asset, self.anchor - TimeDelta::minutes(90)).await?;
            let booking = Booking {
                technician_id: self.things.technicians[technician_for(asset)],
                start: self.anchor + TimeDelta::hours(hours),
                minutes: None,
                dispatch: true,
                allow_overlap: true,
            };
            visits::book(self.deps, self.desk(self.anchor - TimeDelta::minutes(80)), work, booking).await?;
        }
        for asset in [1, 23] {
            self.plan_service(asset, self.anchor - TimeDelta::minutes(70)).await?;
        }
        Ok(())
    }

    fn desk(&self, at: Timestamp) -> Context {
        let identity = Identity::Account(self.dispatcher);
        let actor = Actor { identity, role: Role::ServiceManager, customer: None, technician: None };
        Context::new(actor, at, Source::Desktop, None)
    }
}

/// What the technician does with the phone, as that technician.
fn phone(technician: TechnicianId, at: Timestamp) -> Context {
    let actor = Actor { role: Role::Technician, technician: Some(technician), ..Actor::system() };
    Context::new(actor, at, Source::Mobile, None)
}

fn mobile(at: Timestamp) -> Context {
    Context::new(Actor::system(), at, Source::Mobile, None)
}

/// The first of the customer's territory who can do it; the plan's test holds that there is one.
fn technician_for(asset: usize) -> usize {
    let plan = &ASSETS[asset];
    let (territory, skill) = (CUSTOMERS[plan.customer].territory, MODELS[plan.model].skill);
    TECHNICIANS.iter().position(|t| t.territory == territory && t.skills.contains(&skill)).unwrap_or(0)
}
