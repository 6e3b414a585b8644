customers-title = Clienti
customers-new = Nuovo cliente
customers-edit = Modifica cliente
customers-name = Nome
customers-email = E-mail
customers-phone = Telefono
customers-tax-id = Partita IVA
customers-billing-address = Indirizzo di fatturazione
customers-currency = Valuta
customers-currency-hint = Tre lettere, ad esempio EUR. Vuoto: la valuta dell'organizzazione.
customers-currency-unknown = Inserisci un codice valuta di tre lettere maiuscole, ad esempio EUR.
customers-email-wrong = Inserisci un indirizzo e-mail, ad esempio ana@example.com.
customers-search = Cerca clienti
customers-none = Nessun cliente trovato.
customers-facts = Contatti e fatturazione
customers-assets = { $n ->
    [one] { $n } impianto
   *[other] { $n } impianti
 }
customers-demo = Demo
