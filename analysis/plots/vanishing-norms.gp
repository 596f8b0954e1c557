# Norms of the gradients of one kind of network by layer, with theory.
array name_text[5] = ["dL/dA", "dL/db", "mean field of dL/dA", "mean field of dL/db", "bound on dL/db"]
array name_hue[5] = [hue(3), hue(1), hue(3), hue(1), ink]
array name_at[5]
nnames = 5
do for [k=1:5] { name_at[k] = NaN }
stats data skip 1 using ($3 == 1 ? (name_at[1] = $4, name_at[2] = $7, name_at[3] = $10, name_at[4] = $11, name_at[5] = $12) : 0) nooutput
stats data skip 1 using 5 name "lo" nooutput
stats data skip 1 using 8 name "lo_b" nooutput
stats data skip 1 using 6 name "hi" nooutput
stats data skip 1 using 12 name "bound" nooutput
lowest = lo_min < lo_b_min ? lo_min : lo_b_min
highest = hi_max > bound_max ? hi_max : bound_max
margin = 0.04 * (highest - lowest) + 0.2
y_lo = lowest - margin; y_hi = highest + margin
set yrange [y_lo:y_hi]
@decade_ticks
set ylabel "Frobenius norm" textcolor rgb faint offset 0,0
@title_at
@push_names
plot data skip 1 using 3:5:6 with filledcurves fillcolor rgb hue(3) fillstyle transparent solid 0.22 noborder notitle, \
     data skip 1 using 3:8:9 with filledcurves fillcolor rgb hue(1) fillstyle transparent solid 0.28 noborder notitle, \
     data skip 1 using 3:12 with lines linewidth 1.4 dashtype 3 linecolor rgb ink notitle, \
     data skip 1 using 3:4 with linespoints linewidth 1.6 pointtype mark(3) pointsize (depth > 60 ? 0.12 : 0.6) linecolor rgb hue(3) notitle, \
     data skip 1 using 3:7 with linespoints linewidth 1.6 pointtype mark(1) pointsize (depth > 60 ? 0.12 : 0.6) linecolor rgb hue(1) notitle, \
     data skip 1 using 3:10 with lines linewidth 1.4 dashtype 2 linecolor rgb ink notitle, \
     data skip 1 using 3:11 with lines linewidth 1.4 dashtype 2 linecolor rgb ink notitle
