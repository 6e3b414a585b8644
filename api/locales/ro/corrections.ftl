corrections-title = Corecții
corrections-intro = Valori pe care cineva le-a retras sau schimbat și ceea ce s-a recalculat din această cauză sau din cauza datelor venite târziu.
corrections-none = Nu s-a corectat nimic încă.
corrections-new = Corectați valori
corrections-do = Corectați
corrections-metric = Valoare
corrections-from = De la
corrections-to = Până la
corrections-action = Ce se face
corrections-action-delete = Se șterg valorile
corrections-action-adjust = Se ajustează valorile
corrections-multiply = Se înmulțește cu
corrections-adjust-hint = Numai pentru ajustare: fiecare valoare se înmulțește, apoi i se adună.
corrections-add = Se adună
corrections-note = De ce
corrections-at = Când
corrections-what = Ce
corrections-period = Valori din
corrections-deleted =
    { $n ->
        [one] { $n } valoare ștearsă
        [few] { $n } valori șterse
       *[other] { $n } de valori șterse
    }
corrections-changed =
    { $n ->
        [one] { $n } valoare schimbată
        [few] { $n } valori schimbate
       *[other] { $n } de valori schimbate
    }
corrections-recomputed =
    { $n ->
        [one] { $n } concluzie recalculată
        [few] { $n } concluzii recalculate
       *[other] { $n } de concluzii recalculate
    }
devices-not-for-this-action = Acest câmp nu se potrivește cu ceea ce se face.
error-nothing_to_correct = În acel timp nu există valori pe care acest lucru le-ar schimba.
