//! What the service organisation did about it: tickets, jobs, visits, lines, invoices, and what each adds to the
//! indicators.

mod facts;
mod money;

use super::{
    Dice, Settings,
    condition::{Life, share, sometime},
    fleet::Fleet,
};
use anyhow::Result;
use chrono::TimeDelta;
use domain::{
    Timestamp,
    calendar::{Zone, zone},
    fleet::asset::Asset,
    id::{TerritoryId, WorkOrderId},
    insight::kpi::{Contribution, Promise},
    money::{
        contract::{Contract, ContractState},
        invoice::{Invoice, Series},
    },
    work::{
        Priority,
        line::Line,
        stock::StockMovement,
        ticket::{PriorityReason, Resolution, Ticket, TicketSource, TicketState},
        visit::{Outcome, Trip, Visit, VisitState},
        work_order::{Ended, WorkOrder, WorkOrderKind, WorkOrderState},
    },
};
use std::collections::BTreeMap;
use store::records::{Tx, across::bulk, insight::kpi_facts::Subject, work::stock};

/// Something to be done, in the order of time.
#[derive(Clone, Copy, Debug)]
pub struct Job {
    pub at: Timestamp,
    asset: usize,
    kind: WorkOrderKind,
    /// Reported by somebody; preventive work is not.
    reported: bool,
    fault_at: Option<Timestamp>,
    restored_at: Option<Timestamp>,
    /// Still waiting for its visit.
    open: bool,
}

/// The newest jobs are still open.
pub fn leave_open(jobs: &mut [Job], count: usize) {
    let done = jobs.len().saturating_sub(count);
    jobs[done..].iter_mut().for_each(|job| job.open = true);
}

/// First the failures of the asset, then other work.
pub fn plan(settings: &Settings, number: usize, asset: &Asset, life: &Life, jobs: &mut Vec<Job>) {
    let mut dice = Dice::new(settings.seed, "jobs", number);
    let count = share(settings.work_orders, settings.assets, number);
    for failure in life.failures.iter().take(count) {
        jobs.push(Job {
            at: failure.at + dice.hours(0.1, 1.0),
            asset: number,
            kind: WorkOrderKind::Corrective,
            reported: true,
            fault_at: Some(failure.at),
            restored_at: failure.restored_at,
            open: false,
        });
    }
    for _ in life.failures.len()..count {
        let reported = dice.below(10) < 3;
        let kind = if reported { WorkOrderKind::Corrective } else { WorkOrderKind::Preventive };
        let at = sometime(&mut dice, settings, asset);
        jobs.push(Job { at, asset: number, kind, reported, fault_at: None, restored_at: None, open: false });
    }
}

/// One job with everything that was written about it.
struct Case<'a> {
    asset: &'a Asset,
    territory: Option<TerritoryId>,
    promise: Promise,
    work_order: WorkOrder,
    ticket: Option<Ticket>,
    visit: Visit,
    lines: Vec<Line>,
    invoice: Option<Invoice>,
}

/// How far a job has come.
#[derive(Clone, Copy)]
struct Course {
    done: Option<Timestamp>,
    until: Timestamp,
}

impl Course {
    fn of(visit: &Visit, until: Timestamp) -> Self {
        let done = match &visit.state {
            VisitState::Done { at, .. } => Some(*at),
            _ => None,
        };
        Self { done, until }
    }
    fn later(self, days: i64) -> Option<Timestamp> {
        self.done.map(|at| at + TimeDelta::days(days)).filter(|at| *at < self.until)
    }
    /// Completed, approved and invoiced when, if it has come so far.
    fn billed(self) -> Option<(Ended, Timestamp, Timestamp)> {
        let completed_at = self.done?;
        Some((Ended::Completed { completed_at }, self.later(2)?, self.later(5)?))
    }
    fn state(self, scheduled_at: Timestamp) -> WorkOrderState {
        match (self.done, self.later(2)) {
            (Some(completed_at), Some(at)) => {
                WorkOrderState::Approved { ended: Ended::Completed { completed_at }, at }
            }
            (Some(at), None) => WorkOrderState::Completed { at },
            (None, _) => WorkOrderState::Scheduled { at: scheduled_at },
        }
    }
}

/// What a batch of jobs left.
#[derive(Default)]
pub struct Papers {
    pub tickets: Vec<Ticket>,
    pub work_orders: Vec<WorkOrder>,
    visits: Vec<Visit>,
    lines: Vec<Line>,
    pub invoices: Vec<Invoice>,
    taken: Vec<StockMovement>,
    pub facts: Vec<(Subject, Vec<Contribution>)>,
    /// Of their days.
    zone: Zone,
}

impl Papers {
    fn file(&mut self, case: Case) {
        self.tickets.extend(case.ticket);
        self.work_orders.push(case.work_order);
        self.visits.push(case.visit);
        self.lines.extend(case.lines);
        self.invoices.extend(case.invoice);
    }

    pub async fn write(&self, tx: &Tx) -> Result<()> {
        bulk::tickets(tx, &self.tickets).await?;
        bulk::work_orders(tx, &self.work_orders).await?;
        bulk::visits(tx, &self.visits).await?;
        bulk::lines(tx, &self.lines).await?;
        bulk::invoices(tx, &self.invoices).await?;
        for movement in &self.taken {
            stock::insert(tx, movement).await?;
        }
        bulk::facts(tx, &self.facts, self.zone).await?;
        Ok(())
    }
}

/// Numbers its papers and knows its customers.
pub struct Office<'a> {
    settings: &'a Settings,
    fleet: &'a Fleet,
    dice: Dice,
    zone: Zone,
    tickets: i64,
    work_orders: i64,
    /// Last invoice number by year.
    invoices: BTreeMap<i32, u32>,
}

/// The first number of a kind is one more.
const FIRST: i64 = 1000;

impl<'a> Office<'a> {
    pub fn new(settings: &'a Settings, fleet: &'a Fleet) -> Self {
        Self {
            settings,
            fleet,
            dice: Dice::new(settings.seed, "office", 0),
            zone: zone(&fleet.organisation.time_zone).unwrap_or(Zone::UTC),
            tickets: FIRST,
            work_orders: FIRST,
            invoices: BTreeMap::new(),
        }
    }

    /// So that the product goes on where this ends.
    pub async fn counters(&self, tx: &Tx) -> Result<()> {
        bulk::counter(tx, "T", self.tickets).await?;
        bulk::counter(tx, "WO", self.work_orders).await?;
        for (year, last) in &self.invoices {
            bulk::invoice_counter(tx, Series::Invoice, *year, *last).await?;
        }
        Ok(())
    }

    pub fn work(&mut self, jobs: &[Job]) -> Result<Papers> {
        let mut papers = Papers { zone: self.zone, ..Papers::default() };
        for job in jobs {
            self.job(job, &mut papers)?;
        }
        Ok(papers)
    }

    fn job(&mut self, job: &Job, papers: &mut Papers) -> Result<()> {
        let fleet = self.fleet;
        let asset = &fleet.assets[job.asset];
        let owner = job.asset % fleet.sites.len() % fleet.customers.len();
        let contract = fleet.contracts[owner].as_ref();
        let id: WorkOrderId = self.dice.id(job.at).into();
        let visit = self.visit(id, job);
        let course = Course::of(&visit, self.settings.until);
        let ticket = job.reported.then(|| self.ticket(job, asset, id, course.done));
        let mut lines = match &visit.state {
            VisitState::Done { trip, at, .. } => self.lines(&visit, trip, *at, contract)?,
            _ => Vec::new(),
        };
        let mut work_order = self.work_order(id, job, asset, ticket.as_ref(), course);
        let mut invoice = None;
        if let Some((ended, approved_at, at)) = course.billed()
            && !lines.is_empty()
        {
            let paper = self.invoice(&lines, &work_order, asset, owner, at)?;
            lines.iter_mut().for_each(|line| line.invoiced = true);
            work_order.state = WorkOrderState::Invoiced { ended, approved_at, invoice_id: paper.id, at };
            invoice = Some(paper);
        }
        papers.taken.extend(lines.iter().filter_map(|line| self.taken(line)));
        let case = Case {
            asset,
            territory: fleet.sites[job.asset % fleet.sites.len()].territory_id,
            promise: contract.map_or_else(Promise::default, |contract| promise(contract, asset, job.at)),
            work_order,
            ticket,
            visit,
            lines,
            invoice,
        };
        case.facts(&fleet.organisation, self.zone, &mut papers.facts)?;
        papers.file(case);
        Ok(())
    }

    fn work_order(
        &mut self,
        id: WorkOrderId,
        job: &Job,
        asset: &Asset,
        ticket: Option<&Ticket>,
        course: Course,
    ) -> WorkOrder {
        self.work_orders += 1;
        WorkOrder {
            id,
            number: format!("WO-{}", self.work_orders),
            ticket_id: ticket.map(|ticket| ticket.id),
            asset_id: asset.id,
            customer_id: asset.customer_id,
            site_id: asset.site_id,
            kind: job.kind,
            priority: Priority::ALL[job.asset % Priority::ALL.len()],
            subject: subject(job).into(),
            description: String::new(),
            required_skill: None,
            estimated_minutes: 120,
            requires_signature: false,
            alert_group_id: None,
            finding: None,
            misuse: false,
            signed_at: None,
            created_at: job.at,
            state: course.state(job.at + TimeDelta::hours(1)),
            version: 1,
        }
    }

    fn visit(&mut self, work_order_id: WorkOrderId, job: &Job) -> Visit {
        let from = if job.open { self.settings.until } else { job.at };
        let start = from + self.dice.hours(1.0, 30.0);
        let arrived = start + self.dice.hours(0.3, 1.5);
        let end = arrived + self.dice.hours(0.5, 4.0);
        let travel = self.dice.below(20) > 0;
        let trip =
            Trip { travel_started_at: travel.then_some(start), arrived_at: arrived, breaks: Vec::new() };
        let technicians = &self.fleet.technicians;
        Visit {
            id: self.dice.id(job.at).into(),
            work_order_id,
            technician_id: technicians[self.dice.below(technicians.len())],
            planned_start: start,
            planned_end: end,
            state: if end < self.settings.until {
                VisitState::Done { trip, outcome: Outcome::Fixed, at: end }
            } else {
                VisitState::Scheduled { at: job.at }
            },
            entered_late: false,
            version: 1,
        }
    }

    fn ticket(&mut self, job: &Job, asset: &Asset, work: WorkOrderId, done: Option<Timestamp>) -> Ticket {
        self.tickets += 1;
        let source = match self.dice.below(10) {
            0..4 => TicketSource::Automatic,
            4..7 => TicketSource::Customer,
            7..9 => TicketSource::Agent,
            _ => TicketSource::Technician,
        };
        Ticket {
            id: self.dice.id(job.at).into(),
            number: format!("T-{}", self.tickets),
            asset_id: asset.id,
            customer_id: asset.customer_id,
            site_id: asset.site_id,
            subject: subject(job).into(),
            description: String::new(),
            source,
            alert_group_id: None,
            priority: Priority::ALL[job.asset % Priority::ALL.len()],
            priority_reason: PriorityReason::Given,
            fault_at: job.fault_at,
            reported_at: job.at,
            opened_at: job.at,
            first_response_at: done.map(|_| job.at + TimeDelta::minutes(40)),
            restored_at: done.and(job.restored_at),
            reopened_at: Vec::new(),
            state: match done {
                Some(at) => TicketState::Closed { resolution: Resolution::OnSite, resolved_at: at, at },
                None => TicketState::WorkOrderOpen { work_order_id: work, at: job.at },
            },
            version: 1,
        }
    }
}

fn promise(contract: &Contract, asset: &Asset, at: Timestamp) -> Promise {
    if contract.state(at) != ContractState::Active || !contract.covers_asset(asset.id) {
        return Promise::default();
    }
    Promise { response_hours: contract.response_hours, restore_hours: contract.restore_hours }
}

fn subject(job: &Job) -> &'static str {
    const FAULTS: [&str; 6] = [
        "Vibration high at the drive end",
        "Does not start after the night",
        "Suction pressure low",
        "Leak at the shaft seal",
        "轴承温度过高",
        "Ruido en el rodamiento",
    ];
    match job.kind {
        WorkOrderKind::Corrective => FAULTS[job.asset % FAULTS.len()],
        _ => "Half-yearly maintenance",
    }
}
