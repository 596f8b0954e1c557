# The share of saturated units by layer, a curve for each initialisation. The last layer is linear.
array name_text[ncases]
array name_hue[ncases]
array name_at[ncases]
nnames = ncases
do for [c=1:ncases] { name_text[c] = value(sprintf("label%d", c)); \
    colon = strstrt(name_text[c], ":"); if (colon) { name_text[c] = substr(name_text[c], 1, colon - 1) }; \
    name_hue[c] = hue(c == 7 ? 8 : c); name_at[c] = NaN }
stats data skip 1 using ($3 == 1 ? (name_at[int($1)] = $13) : 0) nooutput
stats data skip 1 using 15 name "hi" nooutput
top = hi_max > 50 ? 100 : hi_max > 5 ? 1.1 * hi_max : 10
y_lo = -0.02 * top; y_hi = 1.02 * top
set yrange [y_lo:y_hi]
set ytics nice(top, 6)
set format y "%g %%"
set ylabel "saturated units" textcolor rgb faint offset 1,0
@title_at
@push_names
hidden(c, value) = $3 < depth ? of(c, value) : NaN
plot for [c=1:ncases] data skip 1 using 3:(hidden(c, $14)):(hidden(c, $15)) with filledcurves fillcolor rgb name_hue[c] fillstyle transparent solid 0.18 noborder notitle, \
     for [c=1:ncases] data skip 1 using 3:(hidden(c, $13)) with linespoints linewidth 1.6 pointtype mark(c) pointsize (depth > 60 ? 0.12 : 0.6) linecolor rgb name_hue[c] notitle
