models-title = Modele
models-new = Model nou
models-edit = Modifică modelul
models-name = Model
models-manufacturer = Producător
models-equipment-type = Tip de echipament
models-equipment-type-hint = De exemplu răcitor, pompă sau presă. Regulile se pot aplica unui tip.
models-search = Caută modele
models-none = Niciun model încă.
models-name-taken = Acest producător are deja un model cu acest nume.
models-metrics = Valori măsurate
models-metrics-hint = Una pe rând, așa cum o trimite echipamentul: suction_pressure = Presiune de aspirație [bar]. Numele și unitatea pot lipsi.
models-metrics-wrong = Scrieți o valoare pe rând, fiecare o singură dată, de exemplu suction_pressure = Presiune de aspirație [bar].
