customers-title = Clienți
customers-new = Client nou
customers-edit = Modifică clientul
customers-name = Nume
customers-email = E-mail
customers-phone = Telefon
customers-tax-id = Cod fiscal
customers-billing-address = Adresa de facturare
customers-currency = Monedă
customers-currency-hint = Trei litere, de exemplu EUR. Gol: moneda organizației.
customers-currency-unknown = Introduceți un cod de monedă din trei majuscule, de exemplu EUR.
customers-email-wrong = Introduceți o adresă de e-mail, de exemplu ana@example.com.
customers-search = Caută clienți
customers-none = Nu s-au găsit clienți.
customers-facts = Contact și facturare
customers-assets = { $n ->
    [one] { $n } echipament
    [few] { $n } echipamente
   *[other] { $n } de echipamente
 }
customers-demo = Demo
