use super::*;
use crate::{
    Date,
    clock::from_micros,
    id::{ContractId, LineId, WorkOrderId},
    money::{
        contract::billing::Period,
        coverage::{CoverageDecision, CoverageReason, Payer},
        tax::{LineTax, TaxStatus},
        unit::Unit,
    },
    work::line::{Line, LineKind},
};
use proptest::prelude::*;

pub(super) fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}
pub(super) fn at(day: i64) -> Timestamp {
    from_micros(day * 86_400_000_000)
}
pub(super) fn line(quantity: Decimal, price: i64, share: Decimal) -> Line {
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
        time_us: None,
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
pub(super) fn invoice(lines: Vec<(Line, Decimal)>) -> Invoice {
    let lines =
        lines.iter().map(|(line, rate)| InvoiceLine::of(line, "WO-1".into(), "CH-204".into(), &taxed(*rate)));
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
pub(super) fn vat() -> Decimal {
    Decimal::new(21, 2)
}
fn taxed(rate: Decimal) -> LineTax {
    LineTax::new(TaxCategory::Standard, rate)
}
pub(super) fn number(number: u32) -> InvoiceNumber {
    InvoiceNumber { series: Series::Invoice, year: 2026, number }
}
/// The date of [`at`].
pub(super) fn on(day: i64) -> Date {
    "1970-01-01".parse::<Date>().ok().and_then(|first| first.plus_days(day)).expect("date")
}
fn issued(minor: i64) -> Invoice {
    let draft = invoice(vec![(line(Decimal::ONE, minor, Decimal::ZERO), Decimal::ZERO)]);
    draft.issue(number(1), at(10), on(10), 30).expect("issued")
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
fn a_customer_with_a_status_of_its_own_is_billed_without_tax_and_told_why() {
    let usual = taxed(vat());
    let own = |category| TaxStatus { category: Some(category), reason: Some("Art. 196".into()) }.of(&usual);
    let reverse = own(TaxCategory::ReverseCharge);
    assert_eq!(
        (reverse.category.code(), reverse.rate, reverse.reason.as_deref()),
        ("AE", Decimal::ZERO, Some("Art. 196"))
    );
    assert_eq!(
        own(TaxCategory::Igic),
        LineTax::new(TaxCategory::Igic, vat()),
        "taxed where the house is not"
    );
    assert_eq!(TaxStatus::default().of(&usual), usual);
    assert_eq!(taxed(Decimal::ZERO).category, TaxCategory::Zero, "no tax is no standard rate");
}

#[test]
fn two_categories_without_tax_are_two_sums_on_the_paper() {
    let of = |category| {
        let tax = LineTax::new(category, Decimal::ZERO);
        InvoiceLine::of(&line(Decimal::ONE, 100, Decimal::ZERO), String::new(), String::new(), &tax)
            .expect("line")
    };
    let lines = [TaxCategory::Exempt, TaxCategory::Export, TaxCategory::Exempt].map(of).into();
    let totals = Invoice { lines, ..invoice(vec![]) }.totals().expect("totals");
    let sums: Vec<_> =
        totals.taxes.iter().map(|tax| (tax.category.code(), tax.net.minor, tax.tax.minor)).collect();
    assert_eq!((sums, totals.total), (vec![("E", 200, 0), ("G", 100, 0)], eur(300)));
}

#[test]
fn a_line_says_in_which_unit_it_counts() {
    let unit = |kind| {
        let work = Line { kind, ..line(Decimal::ONE, 100, Decimal::ZERO) };
        InvoiceLine::of(&work, String::new(), String::new(), &taxed(vat())).expect("line").unit.code()
    };
    assert_eq!(
        [LineKind::Labour, LineKind::Travel, LineKind::Part, LineKind::Expense].map(unit),
        ["HUR", "HUR", "H87", "C62"]
    );
    assert_eq!(Unit::default().code(), "C62");
}

#[test]
fn covered_lines_stay_on_the_paper_and_cost_nothing() {
    let draft = invoice(vec![(line(Decimal::TWO, 9_000, Decimal::ONE), vat())]);
    assert_eq!(draft.totals().map(|t| (t.gross, t.covered, t.total)), Ok((eur(18_000), eur(18_000), eur(0))));
    let paid = draft.issue(number(1), at(10), on(10), 30).expect("issued");
    assert_eq!(paid.state.as_str(), "paid");
}

#[test]
fn an_invoice_is_paid_in_parts_and_never_beyond() {
    let invoice = issued(10_000).pay(eur(4_000), on(11)).expect("first part");
    assert_eq!((invoice.state.as_str(), invoice.open()), ("partly_paid", eur(6_000)));
    assert_eq!(invoice.clone().pay(eur(6_001), on(12)), Err(PaymentRefused::MoreThanOpen));
    let paid = invoice.pay(eur(6_000), on(12)).expect("rest");
    assert_eq!((paid.state.as_str(), paid.open()), ("paid", eur(0)));
    assert_eq!(paid.pay(eur(1), on(13)), Err(PaymentRefused::MoreThanOpen));
}

#[test]
fn only_drafts_are_issued_or_canceled_and_only_issued_ones_paid() {
    assert!(issued(100).issue(number(2), at(11), on(11), 30).is_err());
    assert!(issued(100).cancel(at(11)).is_err());
    let draft = || invoice(vec![(line(Decimal::ONE, 100, Decimal::ZERO), vat())]);
    assert!(matches!(draft().pay(eur(1), on(11)), Err(PaymentRefused::Transition(_))));
    assert!(matches!(draft().refund(eur(1), on(11)), Err(PaymentRefused::Transition(_))));
    let thrown_away = draft().cancel(at(2)).expect("canceled");
    assert_eq!((thrown_away.state.as_str(), thrown_away.open()), ("canceled", eur(0)));
    assert_eq!((draft().open(), draft().is_overdue(on(99))), (eur(0), false));
    assert!(thrown_away.issue(number(2), at(11), on(11), 30).is_err());
}

#[test]
fn an_empty_or_negative_invoice_is_refused() {
    assert_eq!(invoice(vec![]).issue(number(1), at(1), on(1), 30), Err(IssueRefused::Empty));
    let of = |line: &Line, tax| InvoiceLine::of(line, String::new(), String::new(), &taxed(tax)).map(drop);
    let good = line(Decimal::ONE, 100, Decimal::ZERO);
    let refused = [
        line(Decimal::NEGATIVE_ONE, 100, Decimal::ZERO),
        line(Decimal::ONE, -100, Decimal::ZERO),
        line(Decimal::ONE, 100, Decimal::new(-1, 2)),
        line(Decimal::ONE, 100, Decimal::new(101, 2)),
    ];
    for line in refused {
        assert_eq!(of(&line, vat()), Err(LineRefused::Negative), "{line:?}");
    }
    assert_eq!(of(&good, Decimal::new(-1, 2)), Err(LineRefused::Negative));
    assert_eq!(of(&good, Decimal::ZERO), Ok(()));
    assert_eq!(of(&line(Decimal::ZERO, 0, Decimal::ONE), vat()), Ok(()));
    assert_eq!(issued(100).pay(eur(0), on(11)), Err(PaymentRefused::NotPositive));
    assert_eq!(issued(100).pay(eur(-1), on(11)), Err(PaymentRefused::NotPositive));
}

#[test]
fn a_line_that_is_invoiced_is_not_invoiced_again() {
    let invoiced = Line { invoiced: true, ..line(Decimal::ONE, 100, Decimal::ZERO) };
    let refused = InvoiceLine::of(&invoiced, String::new(), String::new(), &taxed(vat()));
    assert_eq!(refused, Err(LineRefused::AlreadyInvoiced));
}

#[test]
fn a_line_of_a_job_names_it_and_the_price_of_a_contract_names_none() {
    let work = line(Decimal::ONE, 100, Decimal::ZERO);
    let billed = InvoiceLine::of(&work, String::new(), String::new(), &taxed(vat())).expect("billed");
    assert_eq!((billed.line_id(), billed.work_order_id()), (Some(work.id), Some(work.work_order_id)));
    let period = Period { from: on(0), to: on(30), due: on(0), amount: eur(5_000) };
    let fee = InvoiceLine::of_period(ContractId::generate(), "SC-1".into(), &period, &taxed(vat()));
    assert_eq!((fee.line_id(), fee.work_order_id(), fee.net), (None, None, eur(5_000)));
}

#[test]
fn overdue_begins_on_the_day_after_the_due_day() {
    let terms = |days: u32| {
        let draft = invoice(vec![(line(Decimal::ONE, 100, Decimal::ZERO), Decimal::ZERO)]);
        draft.issue(number(1), at(10), on(10), days).expect("issued")
    };
    assert_eq!(terms(30).state.issued().map(|issued| issued.due), Some(on(40)));
    assert_eq!((terms(30).is_overdue(on(40)), terms(30).is_overdue(on(41))), (false, true));
    assert_eq!(
        (terms(0).is_overdue(on(10)), terms(0).is_overdue(on(11))),
        (false, true),
        "0 days: due today"
    );
    let paid = terms(0).pay(eur(100), on(12)).expect("paid");
    assert!(!paid.is_overdue(on(99)));
    assert!(terms(0).pay(eur(99), on(12)).expect("part").is_overdue(on(11)));
    assert_eq!(terms(u32::MAX).state.issued().map(|issued| issued.due), Some(Date::MAX));
}

#[test]
fn money_does_not_come_before_the_invoice_was_issued() {
    assert_eq!(issued(100).pay(eur(100), on(9)), Err(PaymentRefused::BeforeInvoice));
    assert!(issued(100).pay(eur(100), on(10)).is_ok(), "on the day itself");
}

#[test]
fn an_invoice_is_paid_on_the_day_of_its_last_money_in_whichever_order_it_is_booked() {
    let paid_on = |parts: [(i64, i64); 2]| {
        let book = |invoice: Invoice, (minor, day)| invoice.pay(eur(minor), on(day)).expect("paid");
        parts.into_iter().fold(issued(100), book).state.paid_on()
    };
    assert_eq!(paid_on([(40, 20), (60, 15)]), Some(on(20)));
    assert_eq!(paid_on([(60, 15), (40, 20)]), Some(on(20)));
    assert_eq!(issued(100).pay(eur(40), on(20)).expect("part").state.paid_on(), None);
    let covered = invoice(vec![(line(Decimal::TWO, 9_000, Decimal::ONE), vat())]);
    let covered = covered.issue(number(1), at(10), on(10), 30).expect("issued");
    assert_eq!(covered.state.paid_on(), Some(on(10)), "nothing to pay");
}

#[test]
fn three_decimals_and_none_are_counted_in_their_own_minor_units() {
    for (code, price, total) in [("KWD", 1_234, 1_493), ("JPY", 1_234, 1_493), ("EUR", 1_234, 1_493)] {
        let currency: Currency = code.parse().expect("code");
        let mut one = line(Decimal::ONE, 0, Decimal::ZERO);
        (one.unit_price, one.unit_cost) = (Money::new(price, currency), Money::zero(currency));
        let invoice = Invoice { currency, ..invoice(vec![(one, vat())]) };
        assert_eq!(invoice.totals().map(|totals| totals.total), Ok(Money::new(total, currency)), "{code}");
    }
    let mixed = Invoice { currency: "KWD".parse().expect("code"), ..issued(100) };
    assert_eq!(mixed.totals(), Err(MoneyError::CurrencyMismatch));
}

#[test]
fn money_too_large_is_an_error_and_not_a_wrap() {
    let huge = || (line(Decimal::ONE, i64::MAX, Decimal::ZERO), Decimal::ZERO);
    assert_eq!(invoice(vec![huge(), huge()]).totals(), Err(MoneyError::Overflow));
    assert_eq!(
        InvoiceLine::of(
            &line(Decimal::TWO, i64::MAX, Decimal::ZERO),
            String::new(),
            String::new(),
            &taxed(vat())
        ),
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
            match invoice.clone().pay(eur(part), on(11)) {
                Ok(next) => { sum += part; invoice = next; }
                Err(PaymentRefused::MoreThanOpen) => prop_assert!(sum + part > total),
                Err(other) => prop_assert!(false, "{other}"),
            }
            prop_assert_eq!(invoice.open().minor, total - sum);
        }
    }
}
