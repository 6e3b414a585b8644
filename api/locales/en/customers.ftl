customers-title = Customers
customers-new = New customer
customers-edit = Edit customer
customers-name = Name
customers-email = E-mail
customers-phone = Phone
customers-tax-id = Tax ID
customers-billing-address = Billing address
customers-currency = Currency
customers-currency-hint = Three letters, such as EUR. Empty: the organisation's currency.
customers-currency-unknown = Enter a currency code of three capital letters, such as EUR.
customers-email-wrong = Enter an e-mail address, such as ana@example.com.
customers-search = Search customers
customers-none = No customers found.
customers-facts = Contact and billing
customers-assets = { $n ->
    [one] { $n } asset
   *[other] { $n } assets
 }
customers-demo = Demo
