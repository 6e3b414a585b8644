use super::*;
use crate::money::invoice::{
    PaymentRefused, Series,
    tests::{at, eur, invoice, line, number, on, vat},
};
use proptest::prelude::*;

fn heading(n: u32) -> Heading {
    let number = InvoiceNumber { series: Series::CreditNote, ..number(n) };
    Heading { number, at: at(20), on: on(20), reason: "wrong rate".into() }
}

/// Two hours at 95.00 and three pieces at 33.33, at 21 %.
fn issued() -> Invoice {
    let lines = [(Decimal::TWO, 9_500), (Decimal::from(3), 3_333)];
    let draft = invoice(lines.map(|(quantity, price)| (line(quantity, price, Decimal::ZERO), vat())).into());
    draft.issue(number(1), at(10), on(10), 30).expect("issued")
}

fn take(
    invoice: &Invoice,
    notes: &[CreditNote],
    wanted: &[(usize, Extent)],
) -> Result<(Invoice, CreditNote), CreditRefused> {
    let wanted = wanted.iter().map(|(index, extent)| (invoice.lines[*index].id, *extent)).collect();
    invoice.clone().credit(notes, &Wanted::Lines(wanted), heading(1))
}

#[test]
fn an_unpaid_invoice_taken_back_owes_nothing() {
    let (credited, note) = issued().credit(&[], &Wanted::Everything, heading(1)).expect("credit");
    assert_eq!((note.net, note.total), (eur(28_999), eur(35_089)));
    assert_eq!((credited.state.as_str(), credited.open()), ("credited", eur(0)));
    assert!(!credited.is_overdue(on(99)));
    assert_eq!(credited.state.paid_on(), None);
    assert!(note.lines.iter().all(|line| line.whole));
    assert_eq!(note.number.to_string(), "CN-2026-00001");
    let again = credited.credit(&[note], &Wanted::Everything, heading(2));
    assert_eq!(again.map(drop), Err(CreditRefused::NothingLeft));
}

#[test]
fn a_paid_invoice_taken_back_is_given_back_and_never_more() {
    let paid = issued().pay(eur(35_089), on(11)).expect("paid");
    let (credited, _) = paid.credit(&[], &Wanted::Everything, heading(1)).expect("credit");
    assert_eq!((credited.state.as_str(), credited.open()), ("credited", eur(-35_089)));
    assert_eq!(credited.clone().pay(eur(1), on(21)), Err(PaymentRefused::MoreThanOpen));
    assert_eq!(credited.clone().refund(eur(35_090), on(21)), Err(PaymentRefused::MoreThanOpen));
    assert_eq!(credited.clone().refund(eur(0), on(21)), Err(PaymentRefused::NotPositive));
    assert_eq!(credited.clone().refund(eur(1), on(9)), Err(PaymentRefused::BeforeInvoice));
    let part = credited.refund(eur(35_000), on(21)).expect("refund");
    assert_eq!(part.open(), eur(-89));
    let settled = part.refund(eur(89), on(22)).expect("refund");
    assert_eq!((settled.open(), settled.state.as_str()), (eur(0), "credited"));
    assert_eq!(issued().refund(eur(1), on(11)), Err(PaymentRefused::MoreThanOpen), "nothing to give back");
}

#[test]
fn a_part_paid_invoice_is_settled_by_crediting_the_rest() {
    let half = issued().pay(eur(12_099), on(11)).expect("part");
    let (rest, note) = take(&half, &[], &[(0, Extent::Whole)]).expect("credit");
    assert_eq!((note.net, note.total, rest.open()), (eur(19_000), eur(22_990), eur(0)));
    assert_eq!((rest.state.as_str(), rest.state.paid_on()), ("paid", Some(on(11))));
    assert_eq!(note.lines[0].quantity, Decimal::TWO);
}

#[test]
fn a_line_of_which_all_money_or_all_pieces_are_back_is_whole_and_not_taken_back_again() {
    for all in [Extent::Whole, Extent::Quantity(Decimal::from(3)), Extent::Amount(eur(9_999))] {
        let (rest, note) = take(&issued(), &[], &[(1, all)]).expect("all of it");
        assert_eq!((note.net, note.lines[0].whole), (eur(9_999), true), "{all:?}");
        let again = take(&rest, std::slice::from_ref(&note), &[(1, Extent::Whole)]);
        assert_eq!(again.map(drop), Err(CreditRefused::NothingLeft), "{all:?}");
        let (taken_back, _) = take(&rest, &[note], &[(0, Extent::Whole)]).expect("the other line");
        assert_eq!(taken_back.state.as_str(), "credited", "{all:?}");
    }
    let more = take(&issued(), &[], &[(1, Extent::Quantity(Decimal::new(3_001, 3)))]);
    assert_eq!(more.map(drop), Err(CreditRefused::MoreThanBilled));
}

#[test]
fn a_line_is_taken_back_by_quantity_or_by_amount() {
    let (one, first) = take(&issued(), &[], &[(1, Extent::Quantity(Decimal::ONE))]).expect("one piece");
    assert_eq!((first.net, first.taxes[0].tax, first.total), (eur(3_333), eur(700), eur(4_033)));
    assert_eq!((one.state.as_str(), first.lines[0].whole), ("issued", false));
    let wanted = [(1, Extent::Amount(eur(1_000))), (0, Extent::Quantity(Decimal::new(5, 1)))];
    let (two, second) = take(&one, std::slice::from_ref(&first), &wanted).expect("parts");
    assert_eq!(second.lines.iter().map(|line| line.net).collect::<Vec<_>>(), [eur(1_000), eur(4_750)]);
    assert_eq!(second.lines[0].quantity, Decimal::ZERO, "only the price is lowered");
    let notes = [first, second];
    assert_eq!(two.left(&notes), Ok(vec![(Decimal::new(15, 1), eur(14_250)), (Decimal::TWO, eur(5_666))]));
    let (three, third) = two.credit(&notes, &Wanted::Everything, heading(3)).expect("the rest");
    assert_eq!((three.open(), three.state.as_str()), (eur(0), "credited"));
    assert_eq!(third.total.minor + notes.iter().map(|note| note.total.minor).sum::<i64>(), 35_089);
}

#[test]
fn no_line_is_credited_beyond_what_was_billed() {
    let refused = |wanted: &[(usize, Extent)]| take(&issued(), &[], wanted).map(drop);
    assert_eq!(refused(&[(0, Extent::Quantity(Decimal::new(2_001, 3)))]), Err(CreditRefused::MoreThanBilled));
    assert_eq!(refused(&[(0, Extent::Amount(eur(19_001)))]), Err(CreditRefused::MoreThanBilled));
    assert_eq!(refused(&[(0, Extent::Amount(eur(0)))]), Err(CreditRefused::NotPositive));
    assert_eq!(refused(&[(0, Extent::Quantity(Decimal::ZERO))]), Err(CreditRefused::NotPositive));
    assert_eq!(refused(&[(0, Extent::Whole), (0, Extent::Whole)]), Err(CreditRefused::NoSuchLine));
    assert_eq!(refused(&[]), Err(CreditRefused::NothingLeft));
    let dollars = Money::new(1, "USD".parse().expect("code"));
    assert_eq!(refused(&[(0, Extent::Amount(dollars))]), Err(MoneyError::CurrencyMismatch.into()));
    let foreign = Wanted::Lines(vec![(InvoiceLineId::generate(), Extent::Whole)]);
    assert_eq!(issued().credit(&[], &foreign, heading(1)).map(drop), Err(CreditRefused::NoSuchLine));
    let draft = invoice(vec![(line(Decimal::ONE, 100, Decimal::ZERO), vat())]);
    assert!(matches!(draft.credit(&[], &Wanted::Everything, heading(1)), Err(CreditRefused::Transition(_))));
    // By amount first, then by more pieces than the amount leaves.
    let (lowered, note) = take(&issued(), &[], &[(0, Extent::Amount(eur(10_000)))]).expect("credit");
    let by_pieces = take(&lowered, std::slice::from_ref(&note), &[(0, Extent::Quantity(Decimal::TWO))]);
    assert_eq!(by_pieces.map(drop), Err(CreditRefused::MoreThanBilled));
    let (rest, last) = take(&lowered, &[note], &[(0, Extent::Whole)]).expect("the rest of the line");
    assert_eq!((last.net, last.lines[0].whole), (eur(9_000), true));
    assert_eq!(rest.open(), eur(35_089 - 22_990));
}

#[test]
fn work_that_cost_nothing_is_taken_back_too() {
    let covered = invoice(vec![(line(Decimal::TWO, 9_000, Decimal::ONE), vat())]);
    let covered = covered.issue(number(1), at(10), on(10), 30).expect("issued");
    let (credited, note) = covered.credit(&[], &Wanted::Everything, heading(1)).expect("credit");
    assert_eq!((note.total, note.lines[0].whole, credited.state.as_str()), (eur(0), true, "credited"));
    assert_eq!(note.taxes, []);
}

/// What a person may do to an issued invoice, with sizes in thousandths of what is possible.
#[derive(Clone, Debug)]
enum Step {
    Pay(i64),
    Refund(i64),
    Quantity(usize, i64),
    Amount(usize, i64),
    Whole(usize),
}
fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1_i64..1_200).prop_map(Step::Pay),
        (1_i64..1_200).prop_map(Step::Refund),
        (0_usize..6, 1_i64..1_200).prop_map(|(line, size)| Step::Quantity(line, size)),
        (0_usize..6, 1_i64..1_200).prop_map(|(line, size)| Step::Amount(line, size)),
        (0_usize..6).prop_map(Step::Whole),
    ]
}

proptest! {
    /// Invoices − credit notes − payments + refunds = open, whatever is pressed; no line is credited beyond what was
    /// billed; all parts together are the whole.
    #[test]
    fn the_books_balance(
        lines in proptest::collection::vec((1_i64..9_000, 0_i64..30_000, 0_i64..=100, 0_i64..3), 1..6),
        steps in proptest::collection::vec(step(), 0..30),
    ) {
        let lines = lines.into_iter().map(|(quantity, price, share, rate)| {
            (line(Decimal::new(quantity, 3), price, Decimal::new(share, 2)), Decimal::new(rate * 7, 2))
        });
        let mut invoice = invoice(lines.collect()).issue(number(1), at(10), on(10), 30).expect("issued");
        let total = invoice.totals().expect("totals").total.minor;
        let (mut notes, mut paid, mut refunded) = (Vec::<CreditNote>::new(), 0, 0);
        for step in steps {
            let open = invoice.open().minor;
            let of = |size: i64, whole: i64| (whole * size / 1_000).max(1);
            let line = |index: usize| index % invoice.lines.len();
            let credit = |index: usize, extent| take(&invoice, &notes, &[(line(index), extent)]);
            let credited = match step {
                Step::Pay(size) => {
                    let amount = of(size, open.abs());
                    match invoice.clone().pay(eur(amount), on(12)) {
                        Ok(next) => { prop_assert!(amount <= open); paid += amount; invoice = next; }
                        Err(error) => prop_assert!(amount > open, "{error}"),
                    }
                    continue;
                }
                Step::Refund(size) => {
                    let amount = of(size, open.abs());
                    match invoice.clone().refund(eur(amount), on(12)) {
                        Ok(next) => { prop_assert!(amount <= -open); refunded += amount; invoice = next; }
                        Err(error) => prop_assert!(amount > -open, "{error}"),
                    }
                    continue;
                }
                Step::Quantity(index, size) => {
                    let quantity = invoice.lines[line(index)].quantity * Decimal::new(size, 3);
                    credit(index, Extent::Quantity(quantity.round_dp(3)))
                }
                Step::Amount(index, size) => {
                    credit(index, Extent::Amount(eur(of(size, invoice.lines[line(index)].net.minor))))
                }
                Step::Whole(index) => credit(index, Extent::Whole),
            };
            if let Ok((next, note)) = credited {
                prop_assert!(note.net.minor >= 0 && note.total.minor >= note.net.minor);
                prop_assert!(note.taxes.iter().all(|tax| tax.tax.minor >= 0));
                invoice = next;
                notes.push(note);
            }
            let credited: i64 = notes.iter().map(|note| note.total.minor).sum();
            prop_assert!((0..=total).contains(&credited));
            prop_assert_eq!(invoice.open().minor, total - credited - paid + refunded);
            for (line, (quantity, net)) in invoice.lines.iter().zip(invoice.left(&notes).expect("left")) {
                prop_assert!(Decimal::ZERO <= quantity && quantity <= line.quantity);
                prop_assert!(0 <= net.minor && net.minor <= line.net.minor);
            }
        }
        let rest = invoice.clone().credit(&notes, &Wanted::Everything, heading(9));
        match rest {
            Ok((after, note)) => { notes.push(note); invoice = after; }
            Err(error) => prop_assert_eq!(error, CreditRefused::NothingLeft),
        }
        prop_assert_eq!(notes.iter().map(|note| note.total.minor).sum::<i64>(), total);
        prop_assert_eq!(invoice.state.as_str(), "credited");
        prop_assert_eq!(invoice.open().minor, refunded - paid);
    }
}
