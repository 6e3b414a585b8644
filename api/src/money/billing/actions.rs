//! What is done to an invoice, on its page and by programs.

use super::{BILLING, BILLING_OR_PROGRAM, json, page::InvoicePage};
use domain::{
    Money,
    money::{
        invoice::InvoiceState,
        payment::{Direction, PaymentMethod},
    },
};
use service::money::billing::payments;
use web::{
    actions::{Action, Actions},
    form::Form,
    i18n::Lang,
    inputs::{Inputs, date, hidden, money, select, text},
    operation::{Call, Operation, call, making, press},
};

pub fn actions() -> Actions<InvoicePage> {
    let step = |path, means, call: Call| {
        let operation = Operation::post(path, BILLING_OR_PROGRAM, means, call);
        Action::<InvoicePage>::new(operation.refusals(&[("404", ""), ("409", "")]))
    };
    let is_draft = |page: &InvoicePage| page.invoice.state == InvoiceState::Draft;
    let list = vec![
        step(
            "/api/v1/invoices/{id}/issue",
            "Gives a draft its number and marks its work orders invoiced.",
            press::<json::InvoiceView, _, _>(json::issue),
        )
        .people(BILLING, "billing-issue")
        .asks(|_| Inputs::default())
        .when(is_draft),
        step(
            "/api/v1/invoices/{id}/cancel",
            "Throws a draft away.",
            press::<json::InvoiceView, _, _>(json::cancel),
        )
        .people(BILLING, "billing-cancel")
        .asks(|_| Inputs::default())
        .when(is_draft)
        .leads_to(|_| Some("/invoices".into())),
        Action::new(
            Operation::post(
                "/api/v1/invoices/{id}/credit",
                BILLING_OR_PROGRAM,
                "Takes an invoice back with a credit note, in whole or in part, whether it was paid or not. What was \
                 paid beyond what is then owed is given back by a payment with the direction `out`.",
                call::<json::InvoiceView, _, _, _>(json::credit),
            )
            .may_be_empty()
            .refusals(&[("404", ""), ("409", ""), ("422", "")]),
        ),
        // Programs record payments beside the list of them.
        Action::new(Operation::post(
            "/api/v1/payments",
            BILLING_OR_PROGRAM,
            "",
            making::<json::PaymentView, _, _>(payments::record),
        ))
        .of_people_only()
        .people(BILLING, "billing-record-payment")
        .posted_to("/invoices/{id}/payments")
        .naming_it("invoice_id")
        .asks(payment)
        .showing(payment_of),
    ];
    Actions::new("invoices", list)
}

/// Money that came in, or a refund.
pub fn payment(lang: Lang) -> Inputs {
    let method = |method: PaymentMethod| {
        (method.as_str().to_owned(), lang.t(&format!("billing-method-{}", method.as_str())))
    };
    Inputs::new([
        hidden("direction"),
        money("amount", "billing-amount").required(),
        select("method", "billing-method", PaymentMethod::ALL.map(method).into()),
        date("at", "billing-received").hint("billing-received-hint"),
        text("reference", "billing-reference").most(payments::MAX_REFERENCE),
    ])
}

/// All that is owed, or all that is to be given back.
pub fn payment_of(page: &InvoicePage, lang: Lang) -> Form {
    let open = page.invoice.open();
    let direction = if open.minor < 0 { Direction::Out } else { Direction::In };
    let amount = lang.show_money(Money::new(open.minor.saturating_abs(), open.currency));
    Form::filled([("direction", direction.as_str().into()), ("amount", amount)])
}
