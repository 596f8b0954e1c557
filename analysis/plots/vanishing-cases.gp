# Norms of dL/db by layer, a curve for each initialisation, mean field dashed.
array name_text[ncases]
array name_hue[ncases]
array name_at[ncases]
nnames = ncases
do for [c=1:ncases] { name_text[c] = value(sprintf("label%d", c)); name_hue[c] = hue(c == 7 ? 8 : c); name_at[c] = NaN }
stats data skip 1 using ($3 == 1 ? (name_at[int($1)] = $7) : 0) nooutput
stats data skip 1 using 8 name "lo" nooutput
stats data skip 1 using 9 name "hi" nooutput
margin = 0.04 * (hi_max - lo_min) + 0.2
y_lo = lo_min - margin; y_hi = hi_max + margin
set yrange [y_lo:y_hi]
@decade_ticks
set ylabel "norm of dL/db" textcolor rgb faint offset 0,0
@title_at
@push_names
plot for [c=1:ncases] data skip 1 using 3:(of(c, $8)):(of(c, $9)) with filledcurves fillcolor rgb name_hue[c] fillstyle transparent solid 0.18 noborder notitle, \
     for [c=1:ncases] data skip 1 using 3:(of(c, $7)) with linespoints linewidth 1.6 pointtype mark(c) pointsize (depth > 60 ? 0.12 : 0.6) linecolor rgb name_hue[c] notitle, \
     for [c=1:ncases] data skip 1 using 3:(of(c, $11)) with lines linewidth 1.2 dashtype 2 linecolor rgb ink notitle
