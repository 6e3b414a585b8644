use super::*;
use crate::{clock::from_micros, service::coverage::CoverageDecision};
use proptest::prelude::*;

fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}
fn at(day: i64) -> Timestamp {
    from_micros(day * 86_400_000_000)
}
fn line(quantity: Decimal, price: i64, share: Decimal) -> Line {
    Line {
        id: LineId::generate(),
        work_order_id: WorkOrderId::generate(),
        visit_id: None,
        technician_id: None,
        kind: LineKind::Labour,
        description: "Replace bearing".into(),
        part_id: None,
        stock_location_id: None,
        serial_number: None,
        quantity,
        unit_price: eur(price),
        unit_cost: eur(price / 2),
        at: at(1),
        coverage: CoverageDecision {
            payer: Payer::Customer,
            covered_share: share,
            reason: CoverageReason::NoContractOrWarranty,
        },
        invoiced: false,
    }
}
fn invoice(lines: Vec<(Line, Decimal)>) -> Invoice {
    let lines = lines.iter().map(|(line, rate)| InvoiceLine::of(line, "WO-1".into(), "CH-204".into(), *rate));
    Invoice {
        id: InvoiceId::generate(),
        customer_id: CustomerId::generate(),
        currency: Currency::EUR,
        created_at: at(1),
        state: InvoiceState::Draft,
        issuer: Party::default(),
        recipient: Party::default(),
        language: "en".into(),
        lines: lines.collect::<Result<_, _>>().expect("good lines"),
        version: 1,
    }
}
fn vat() -> Decimal {
    Decimal::new(21, 2)
}
fn number(number: u32) -> InvoiceNumber {
    InvoiceNumber { series: Series::Invoice, year: 2026, number }
}
fn issued(minor: i64) -> Invoice {
    let draft = invoice(vec![(line(Decimal::ONE, minor, Decimal::ZERO), Decimal::ZERO)]);
    draft.issue(number(1), at(10), 30).expect("issued")
}

#[test]
fn tax_is_computed_once_per_rate() {
    // Three lines of 0.33 at 21 %: 0.99 * 0.21 = 0.2079, once; line by line it would have been 0.07 * 3 = 0.21 too,
    // so a second rate of 10 % over 0.05 + 0.05 (0.01 instead of 0.01 + 0.01) tells the two rules apart.
    let third = || (line(Decimal::ONE, 33, Decimal::ZERO), vat());
    let nickel = || (line(Decimal::ONE, 5, Decimal::ZERO), Decimal::new(1, 1));
    let totals = invoice(vec![third(), third(), third(), nickel(), nickel()]).totals().expect("totals");
    assert_eq!(totals.taxes.iter().map(|t| t.tax.minor).collect::<Vec<_>>(), [1, 21]);
    assert_eq!((totals.net, totals.total), (eur(109), eur(131)));
}

#[test]
fn covered_lines_stay_on_the_paper_and_cost_nothing() {
    let draft = invoice(vec![(line(Decimal::TWO, 9_000, Decimal::ONE), vat())]);
    assert_eq!(draft.totals().map(|t| (t.gross, t.covered, t.total)), Ok((eur(18_000), eur(18_000), eur(0))));
    let paid = draft.issue(number(1), at(10), 30).expect("issued");
    assert_eq!(paid.state.as_str(), "paid");
}

#[test]
fn an_invoice_is_paid_in_parts_and_never_beyond() {
    let invoice = issued(10_000).pay(eur(4_000), at(11)).expect("first part");
    assert_eq!((invoice.state.as_str(), invoice.open()), ("partly_paid", Ok(eur(6_000))));
    assert_eq!(invoice.clone().pay(eur(6_001), at(12)), Err(PaymentRefused::MoreThanOpen));
    let paid = invoice.pay(eur(6_000), at(12)).expect("rest");
    assert_eq!((paid.state.as_str(), paid.open()), ("paid", Ok(eur(0))));
    assert!(matches!(paid.pay(eur(1), at(13)), Err(PaymentRefused::Transition(_))));
}

#[test]
fn only_drafts_are_issued_or_canceled_and_only_unpaid_invoices_credited() {
    assert!(issued(100).issue(number(2), at(11), 30).is_err());
    assert!(issued(100).cancel(at(11)).is_err());
    let note = InvoiceNumber { series: Series::CreditNote, ..number(1) };
    assert_eq!(issued(100).credit(note, at(11)).map(|i| i.state.as_str()), Ok("credited"));
    assert!(issued(100).pay(eur(1), at(11)).expect("part").credit(note, at(12)).is_err());
    assert_eq!(note.to_string(), "CN-2026-00001");
}

#[test]
fn an_empty_or_negative_invoice_is_refused() {
    assert_eq!(invoice(vec![]).issue(number(1), at(1), 30), Err(IssueRefused::Empty));
    assert_eq!(
        InvoiceLine::of(
            &line(Decimal::NEGATIVE_ONE, 100, Decimal::ZERO),
            String::new(),
            String::new(),
            vat()
        ),
        Err(LineRefused::Negative)
    );
    assert_eq!(issued(100).pay(eur(0), at(11)), Err(PaymentRefused::NotPositive));
}

#[test]
fn overdue_begins_after_the_due_day() {
    assert!(!issued(100).is_overdue(at(40)));
    assert!(issued(100).is_overdue(at(41)));
}

#[test]
fn money_too_large_is_an_error_and_not_a_wrap() {
    let huge = || (line(Decimal::ONE, i64::MAX, Decimal::ZERO), Decimal::ZERO);
    assert_eq!(invoice(vec![huge(), huge()]).totals(), Err(MoneyError::Overflow));
    assert_eq!(
        InvoiceLine::of(&line(Decimal::TWO, i64::MAX, Decimal::ZERO), String::new(), String::new(), vat()),
        Err(LineRefused::Money(MoneyError::Overflow))
    );
}

proptest! {
    #[test]
    fn the_total_is_the_sum_of_what_is_printed(
        lines in proptest::collection::vec((0i64..100_000, 0i64..1_000_000, 0i64..=1000, 0i64..4), 1..40)
    ) {
        let invoice = invoice(lines.into_iter().map(|(quantity, price, share, rate)| {
            (line(Decimal::new(quantity, 3), price, Decimal::new(share, 3)), Decimal::new(rate * 7, 2))
        }).collect());
        let totals = invoice.totals().expect("totals");
        let net: i64 = invoice.lines.iter().map(|l| l.net.minor).sum();
        let tax: i64 = totals.taxes.iter().map(|t| t.tax.minor).sum();
        prop_assert_eq!(totals.net.minor, net);
        prop_assert_eq!(totals.total.minor, net + tax);
        prop_assert_eq!(totals.taxes.iter().map(|t| t.net.minor).sum::<i64>(), net);
        prop_assert!(invoice.lines.iter().all(|l| l.net.minor >= 0 && l.net.minor <= l.gross.minor));
        prop_assert!(totals.taxes.iter().all(|t| t.tax.minor >= 0));
    }

    #[test]
    fn payments_never_exceed_the_total(total in 1i64..100_000, parts in proptest::collection::vec(1i64..50_000, 1..20)) {
        let mut invoice = issued(total);
        let mut sum = 0;
        for part in parts {
            match invoice.clone().pay(eur(part), at(11)) {
                Ok(next) => { sum += part; invoice = next; }
                Err(PaymentRefused::MoreThanOpen) => prop_assert!(sum + part > total),
                Err(PaymentRefused::Transition(_)) => prop_assert_eq!(sum, total),
                Err(other) => prop_assert!(false, "{other}"),
            }
            prop_assert_eq!(invoice.open().map(|m| m.minor), Ok(total - sum));
        }
    }
}
