//! What the service organisation did about it: tickets, jobs, visits, lines, invoices, and what each adds to the
//! indicators.

use super::{
    Dice, Settings,
    condition::{Life, share, sometime},
    fleet::Fleet,
};
use anyhow::Result;
use chrono::{Datelike, TimeDelta};
use domain::{
    Money, Timestamp,
    asset::Asset,
    calendar::{Zone, date_of, zone},
    id::WorkOrderId,
    service::{
        Priority,
        contract::{Contract, ContractState, Used},
        coverage::{CoverageDecision, CoverageReason, Payer, Question, Work, decide},
        invoice::{Invoice, InvoiceLine, InvoiceNumber, InvoiceState, Party, Series},
        kpi::{self, Billed, Contribution, Dimensions, Promise, WorkOrderFacts},
        line::{Line, LineKind, hours_to_read},
        ticket::{PriorityReason, Resolution, Ticket, TicketSource, TicketState},
        visit::{Outcome, Trip, Visit, VisitState},
        work_order::{Ended, WorkOrder, WorkOrderKind, WorkOrderState},
    },
};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use store::records::{Tx, bulk, kpi_facts::Subject};

/// How much of a line there is.
enum Amount {
    Piece,
    Time(TimeDelta),
}

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
        });
    }
    for _ in life.failures.len()..count {
        let reported = dice.below(10) < 3;
        let kind = if reported { WorkOrderKind::Corrective } else { WorkOrderKind::Preventive };
        let at = sometime(&mut dice, settings, asset);
        jobs.push(Job { at, asset: number, kind, reported, fault_at: None, restored_at: None });
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
    pub facts: Vec<(Subject, Vec<Contribution>)>,
    /// Of their days.
    zone: Zone,
}

impl Papers {
    pub async fn write(&self, tx: &Tx) -> Result<()> {
        bulk::tickets(tx, &self.tickets).await?;
        bulk::work_orders(tx, &self.work_orders).await?;
        bulk::visits(tx, &self.visits).await?;
        bulk::lines(tx, &self.lines).await?;
        bulk::invoices(tx, &self.invoices).await?;
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
        self.work_orders += 1;
        let id: WorkOrderId = self.dice.id(job.at).into();
        let number = format!("WO-{}", self.work_orders);
        let day = |days: i64| TimeDelta::days(days);
        let visit = self.visit(id, job);
        let done = match &visit.state {
            VisitState::Done { at, .. } => Some(*at),
            _ => None,
        };
        let ticket = job.reported.then(|| self.ticket(job, asset, id, done));
        let lines = match &visit.state {
            VisitState::Done { trip, at, .. } => self.lines(&visit, trip, *at, contract)?,
            _ => Vec::new(),
        };
        let approved = done.map(|at| at + day(2)).filter(|at| *at < self.settings.until);
        let billed = approved.map(|at| at + day(3)).filter(|at| *at < self.settings.until);
        let mut work_order = WorkOrder {
            id,
            number: number.clone(),
            ticket_id: ticket.as_ref().map(|ticket| ticket.id),
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
            state: match (done, approved) {
                (Some(at), Some(approved)) => {
                    WorkOrderState::Approved { ended: Ended::Completed { completed_at: at }, at: approved }
                }
                (Some(at), None) => WorkOrderState::Completed { at },
                (None, _) => WorkOrderState::Scheduled { at: job.at + TimeDelta::hours(1) },
            },
            version: 1,
        };
        let mut lines = lines;
        let invoice = match (billed, done) {
            (Some(at), Some(completed)) if !lines.is_empty() => {
                let invoice = self.invoice(&lines, &work_order, asset, owner, at)?;
                lines.iter_mut().for_each(|line| line.invoiced = true);
                let approved_at = at - day(3);
                work_order.state = WorkOrderState::Invoiced {
                    ended: Ended::Completed { completed_at: completed },
                    approved_at,
                    invoice_id: invoice.id,
                    at,
                };
                Some(invoice)
            }
            _ => None,
        };
        let dimensions = Dimensions {
            asset: Some(asset.id),
            model: Some(asset.model_id),
            technician: None,
            territory: fleet.sites[job.asset % fleet.sites.len()].territory_id,
        };
        let issued = invoice.as_ref().and_then(|invoice| invoice.state.issued());
        let billed = issued.into_iter().flat_map(|issued| {
            lines.iter().map(|line| {
                let net = line.billable()?.minor;
                Ok(Billed { line: line.id, net, issued_at: issued.at, given_back_at: None })
            })
        });
        let billed = billed.collect::<Result<Vec<_>>>()?;
        let facts = kpi::of_work_order(&WorkOrderFacts {
            work_order: &work_order,
            ticket: ticket.as_ref(),
            visits: std::slice::from_ref(&visit),
            lines: &lines,
            lapsed: &[],
            repeated: false,
            invoice: invoice.as_ref(),
            billed: &billed,
            credited: 0,
            currency: fleet.organisation.currency,
        })?;
        let technician = done.map(|_| visit.technician_id);
        let of_work = Dimensions { technician, ..dimensions };
        papers.facts.push(self.facts(("work_order", id.into(), &number), of_work, facts));
        if let Some(ticket) = ticket {
            let promise = contract.map_or_else(Promise::default, |contract| promise(contract, asset, job.at));
            let facts = kpi::of_ticket(&ticket, promise);
            papers.facts.push(self.facts(("ticket", ticket.id.into(), &ticket.number), dimensions, facts));
            papers.tickets.push(ticket);
        }
        if let Some(invoice) = invoice {
            let number = invoice.state.issued().map(|issued| issued.number.to_string()).unwrap_or_default();
            let of_first = Dimensions { asset: Some(asset.id), ..Dimensions::default() };
            let facts = kpi::of_invoice(&invoice, &[], &[], fleet.organisation.currency, self.zone)?;
            papers.facts.push(self.facts(("invoice", invoice.id.into(), &number), of_first, facts));
            papers.invoices.push(invoice);
        }
        papers.work_orders.push(work_order);
        papers.visits.push(visit);
        papers.lines.extend(lines);
        Ok(())
    }

    fn facts(
        &self,
        (kind, id, label): (&'static str, uuid::Uuid, &str),
        dimensions: Dimensions,
        facts: Vec<Contribution>,
    ) -> (Subject, Vec<Contribution>) {
        (Subject { id, kind, label: label.into(), dimensions }, facts)
    }

    fn visit(&mut self, work_order_id: WorkOrderId, job: &Job) -> Visit {
        let start = job.at + self.dice.hours(1.0, 30.0);
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

    fn lines(
        &mut self,
        visit: &Visit,
        trip: &Trip,
        ended: Timestamp,
        contract: Option<&Contract>,
    ) -> Result<Vec<Line>> {
        let organisation = &self.fleet.organisation;
        let mut wanted = vec![(
            LineKind::Labour,
            Amount::Time(ended - trip.arrived_at),
            organisation.labour_rate_per_hour,
            organisation.labour_cost_per_hour,
            None,
        )];
        if let Some(left) = trip.travel_started_at {
            let (price, cost) = (organisation.travel_rate_per_hour, organisation.labour_cost_per_hour);
            wanted.push((LineKind::Travel, Amount::Time(trip.arrived_at - left), price, cost, None));
        }
        if self.dice.below(2) == 0 {
            let part = &self.fleet.parts[self.dice.below(self.fleet.parts.len())];
            wanted.push((LineKind::Part, Amount::Piece, part.unit_price, part.unit_cost, Some(part)));
        }
        let contracts: Vec<(Contract, Used)> =
            contract.map(|contract| (contract.clone(), Used::default())).into_iter().collect();
        let mut lines = Vec::new();
        for (kind, amount, unit_price, unit_cost, part) in wanted {
            let (quantity, time_us) = match amount {
                Amount::Piece => (Decimal::ONE, None),
                Amount::Time(span) => {
                    let time_us = span.num_microseconds().unwrap_or(0);
                    (hours_to_read(time_us), Some(time_us))
                }
            };
            let mut line = Line {
                id: self.dice.id(ended).into(),
                work_order_id: visit.work_order_id,
                visit_id: Some(visit.id),
                technician_id: Some(visit.technician_id),
                kind,
                description: part.map(|part| part.name.clone()).unwrap_or_default(),
                part_id: part.map(|part| part.id),
                stock_location_id: None,
                serial_number: None,
                quantity,
                time_us,
                unit_price,
                unit_cost,
                at: ended,
                coverage: CoverageDecision {
                    payer: Payer::Customer,
                    covered_share: Decimal::ZERO,
                    reason: CoverageReason::NoContractOrWarranty,
                },
                invoiced: false,
            };
            let (gross, quantity): (Money, Decimal) = (line.gross()?, line.exact_quantity());
            let work = Work { kind, at: ended, quantity, gross, visit: Some(visit.id), misuse: false };
            line.coverage = decide(&Question { work, warranties: &[], contracts: &contracts });
            lines.push(line);
        }
        Ok(lines)
    }

    fn invoice(
        &mut self,
        lines: &[Line],
        work: &WorkOrder,
        asset: &Asset,
        owner: usize,
        at: Timestamp,
    ) -> Result<Invoice> {
        let (organisation, customer) = (&self.fleet.organisation, &self.fleet.customers[owner]);
        let items: Vec<InvoiceLine> = lines
            .iter()
            .map(|line| InvoiceLine::of(line, work.number.clone(), asset.name.clone(), organisation.tax_rate))
            .collect::<Result<_, _>>()?;
        let year = at.with_timezone(&self.zone).year();
        let last = self.invoices.entry(year).or_default();
        *last += 1;
        let number = InvoiceNumber { series: Series::Invoice, year, number: *last };
        let party =
            |name: &str, address: &str| Party { name: name.into(), address: address.into(), tax_id: None };
        let draft = Invoice {
            id: self.dice.id(at).into(),
            customer_id: asset.customer_id,
            currency: organisation.currency,
            created_at: at,
            state: InvoiceState::Draft,
            issuer: party(&organisation.name, &organisation.address),
            recipient: party(&customer.name, &customer.billing_address),
            language: "en".into(),
            lines: items,
            version: 1,
        };
        let issued = draft.issue(number, at, date_of(at, self.zone), organisation.payment_terms_days)?;
        let paid_at = at + TimeDelta::days(10 + self.dice.below(30) as i64);
        // One in ten is not paid, and nothing is paid in the future.
        let open = issued.open();
        if open.is_zero() || paid_at >= self.settings.until || self.dice.below(10) == 0 {
            return Ok(issued);
        }
        Ok(issued.pay(open, date_of(paid_at, self.zone))?)
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
