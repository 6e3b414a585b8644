//! Rows for the tests of repositories.

use crate::records::{
    Records,
    fleet::customers,
    work::{parts, stock, technicians, work_orders},
};
use domain::fleet::customer::Buyer;
use domain::money::tax::{LineTax, TaxCategory};
use domain::people::party::Address;
use domain::{
    Currency, Money,
    clock::from_micros,
    fleet::customer::Customer,
    id::{
        AlertGroupId, AssetId, ContractId, CustomerId, InvoiceId, LineId, PartId, SiteId, StockLocationId,
        StockMovementId, TechnicianId, TicketId, WorkOrderId,
    },
    money::{
        contract::{Contract, CoveredAssets, Limits, Shares, Tier},
        coverage::{CoverageDecision, CoverageReason, Payer},
        invoice::{Invoice, InvoiceLine, InvoiceState, Party},
    },
    work::{
        Priority,
        line::{Line, LineKind},
        stock::{MovementReason, Part, StockLocation, StockLocationKind, StockMovement},
        technician::Technician,
        ticket::{PriorityReason, Ticket, TicketSource, TicketState},
        work_order::{WorkOrder, WorkOrderKind, WorkOrderState},
    },
};
use rust_decimal::Decimal;

pub fn price() -> Money {
    Money::new(100, Currency::EUR)
}

pub fn taken(part: PartId, from: StockLocationId, line_id: Option<LineId>) -> StockMovement {
    StockMovement {
        id: StockMovementId::generate(),
        part_id: part,
        from: Some(from),
        to: None,
        quantity: Decimal::ONE,
        reason: MovementReason::Use,
        line_id,
        note: String::new(),
        at: from_micros(1),
    }
}

/// A part, a van that holds `quantity` of it and never less than nothing, and a store where counting lags behind.
pub async fn stocked(records: &Records, quantity: Decimal) -> (PartId, StockLocationId, StockLocationId) {
    let (part, van, store) = (PartId::generate(), StockLocationId::generate(), StockLocationId::generate());
    let tx = records.begin().await.expect("begin");
    let bearing = Part {
        id: part,
        number: "6310".into(),
        name: "Bearing".into(),
        unit_price: price(),
        unit_cost: price(),
        reorder_point: Decimal::ZERO,
        active: true,
        version: 1,
    };
    parts::insert(&tx, &bearing).await.expect("part");
    for (id, kind, may_go_negative) in
        [(van, StockLocationKind::Van, false), (store, StockLocationKind::Central, true)]
    {
        let name = kind.as_str().into();
        let place = StockLocation { id, kind, name, customer_id: None, may_go_negative };
        stock::insert_location(&tx, &place).await.expect("place");
    }
    let receipt = MovementReason::Receipt;
    let delivery =
        StockMovement { from: None, to: Some(van), quantity, reason: receipt, ..taken(part, van, None) };
    stock::insert(&tx, &delivery).await.expect("delivery");
    tx.commit().await.expect("commit");
    (part, van, store)
}

pub async fn customer(records: &Records) -> CustomerId {
    let id = CustomerId::generate();
    let customer = Customer {
        id,
        name: "Hospital".into(),
        email: None,
        phone: None,
        tax_id: None,
        billing_address: Address::default(),
        buyer: Buyer::default(),
        currency: Currency::EUR,
        created_at: from_micros(1),
    };
    let tx = records.begin().await.expect("begin");
    customers::insert(&tx, &customer).await.expect("customer");
    tx.commit().await.expect("commit");
    id
}

pub async fn technician(records: &Records) -> Technician {
    let technician = Technician {
        id: TechnicianId::generate(),
        name: "Tess".into(),
        email: None,
        phone: None,
        skills: vec![],
        territory_id: None,
        van_id: None,
        cost_per_hour: None,
        active: true,
        version: 1,
    };
    let tx = records.begin().await.expect("begin");
    technicians::insert(&tx, &technician).await.expect("technician");
    tx.commit().await.expect("commit");
    technician
}

pub async fn work_order(records: &Records, customer_id: CustomerId) -> WorkOrder {
    let work = WorkOrder {
        id: WorkOrderId::generate(),
        number: "WO-1".into(),
        ticket_id: None,
        asset_id: AssetId::generate(),
        customer_id,
        site_id: SiteId::generate(),
        kind: WorkOrderKind::Corrective,
        priority: Priority::High,
        subject: "Replace bearing".into(),
        description: String::new(),
        required_skill: None,
        estimated_minutes: 60,
        requires_signature: false,
        alert_group_id: None,
        finding: None,
        misuse: false,
        signed_at: None,
        created_at: from_micros(1),
        state: WorkOrderState::Unscheduled,
        version: 1,
    };
    let tx = records.begin().await.expect("begin");
    work_orders::insert(&tx, &work).await.expect("work order");
    tx.commit().await.expect("commit");
    work
}

/// Two hours of labour, on no invoice yet.
pub fn line(work: &WorkOrder) -> Line {
    Line {
        id: LineId::generate(),
        work_order_id: work.id,
        visit_id: None,
        technician_id: None,
        kind: LineKind::Labour,
        description: "Labour".into(),
        part_id: None,
        stock_location_id: None,
        serial_number: None,
        quantity: Decimal::TWO,
        time_us: None,
        unit_price: price(),
        unit_cost: price(),
        at: from_micros(1),
        coverage: CoverageDecision {
            payer: Payer::Customer,
            covered_share: Decimal::ZERO,
            reason: CoverageReason::NoContractOrWarranty,
        },
        invoiced: false,
    }
}

pub fn labour(work: &WorkOrder) -> InvoiceLine {
    InvoiceLine::of(
        &line(work),
        work.number.clone(),
        "CH-1".into(),
        &LineTax::new(TaxCategory::Standard, Decimal::ZERO),
    )
    .expect("billable")
}

/// A draft over `lines`.
pub fn draft(customer_id: CustomerId, lines: Vec<InvoiceLine>) -> Invoice {
    Invoice {
        id: InvoiceId::generate(),
        customer_id,
        currency: Currency::EUR,
        created_at: from_micros(1),
        state: InvoiceState::Draft,
        issuer: Party::default(),
        recipient: Party::default(),
        language: "en".into(),
        lines,
        version: 1,
    }
}

/// From the first microsecond to the ninth.
pub fn contract(customer_id: CustomerId, number: &str) -> Contract {
    Contract {
        id: ContractId::generate(),
        customer_id,
        number: number.into(),
        tier: Tier::Basic,
        covers_assets: CoveredAssets::All,
        start: from_micros(1),
        end: from_micros(9),
        shares: Shares::default(),
        limits: Limits::default(),
        response_hours: None,
        restore_hours: None,
        price: price(),
        billing: None,
        availability_guarantee: None,
        version: 1,
    }
}

/// A new ticket, reported so many minutes after the beginning of time.
pub fn ticket(number: &str, minute: i64, group: Option<AlertGroupId>) -> Ticket {
    let at = from_micros(minute * 60_000_000);
    Ticket {
        id: TicketId::generate(),
        number: number.into(),
        asset_id: AssetId::generate(),
        customer_id: CustomerId::generate(),
        site_id: SiteId::generate(),
        subject: format!("Subject of {number}"),
        description: String::new(),
        source: TicketSource::Automatic,
        alert_group_id: group,
        priority: Priority::High,
        priority_reason: PriorityReason::Given,
        fault_at: Some(at),
        reported_at: at,
        opened_at: at,
        first_response_at: None,
        restored_at: None,
        reopened_at: vec![at],
        state: TicketState::New,
        version: 0,
    }
}
