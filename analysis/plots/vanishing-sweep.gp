# What a gradient loses by the spread of the weights: per layer above, layer by layer below.
# Columns: sigma_w, layer, log10 of the gradient over the last layer's, decades per layer, lo, hi, mean field
left = 84; right = 120
upper_top = head - 22; upper = 220; lower_top = upper_top + upper + 44; lower = 330
height = lower_top + lower + 60
set terminal svg size width, height @svg
set output output_svg
set lmargin at screen x(left)
set rmargin at screen x(width - right)
cell = log10(sigma_hi / sigma_lo) / (points - 1)
set xrange [log10(sigma_lo) - cell / 2:log10(sigma_hi) + cell / 2]
set xtics scale 0 ("" -300)
do for [e=floor(log10(sigma_lo)):ceil(log10(sigma_hi))] { do for [m=1:5] { v = m * 10.0**e; \
    if (m != 3 && m != 4 && v >= sigma_lo && v <= sigma_hi) { set xtics add (sprintf("%g", v) log10(v)) } } }
shown = critical > sigma_lo && critical < sigma_hi
stats data skip 1 every rows using 5 name "lo" nooutput
stats data skip 1 every rows using 6 name "hi" nooutput
stats data skip 1 every rows using (column(0) == 0 ? (first = $7) : $7) name "theory" nooutput
stats data skip 1 using 3 name "delta" nooutput
set multiplot
@title_at
set tmargin at screen y(upper_top)
set bmargin at screen y(upper_top + upper)
set grid x y linecolor rgb rule linewidth 1 linetype 1
set ylabel "decades lost per layer" textcolor rgb faint offset 0,0
set format y "%g"
bottom = lo_min < theory_min ? lo_min : theory_min
top = hi_max > theory_max ? hi_max : theory_max
room = 0.05 * (top - bottom)
set yrange [bottom - room:top + room]
set ytics nice(top - bottom, 5)
set arrow 1 from graph 0, first 0 to graph 1, first 0 nohead linewidth 1.2 linecolor rgb faint
set label 3 "vanishes" at graph 1, first 0 left offset 0.8,0.8 textcolor rgb hue(3)
set label 4 "explodes" at graph 1, first 0 left offset 0.8,-0.8 textcolor rgb hue(6)
if (shown) { \
    set arrow 2 from first log10(critical), graph 0 to first log10(critical), graph 1 nohead dashtype 2 linecolor rgb ink front; \
    set label 2 sprintf("mean field: %.4g", critical) at first log10(critical), graph 0.93 left offset 0.6,0 textcolor rgb ink }
plot data skip 1 every rows using (log10($1)):7 with lines linewidth 1.6 linecolor rgb ink notitle, \
     data skip 1 every rows using (log10($1)):4:5:6 with yerrorbars pointtype 7 pointsize 0.6 linewidth 1.2 linecolor rgb hue(1) notitle
unset label
unset arrow 1
if (shown) { set arrow 2 from first log10(critical), graph 0 to first log10(critical), graph 1 nohead dashtype 2 linecolor rgb ink front }
set tmargin at screen y(lower_top)
set bmargin at screen y(lower_top + lower)
unset grid
low = delta_min < -0.1 ? delta_min : -0.1
high = delta_max > 0.1 ? delta_max : 0.1
set cbrange [low:high]
set palette defined (low "#08306b", 0.5 * low "#0072B2", 0.15 * low "#9ecae1", 0 "#ffffff", 0.3 * high "#fdae6b", high "#D55E00")
set colorbox user origin screen x(width - right + 16), screen y(lower_top + lower) size screen 16.0 / width, screen lower / real(height)
set format cb "1e%g"
set cbtics nice(high - low, 8)
set yrange [1 - step / 2.0:depth + step / 2.0]
set ytics 0, (depth <= 12 ? 1 : nice(depth, 6))
set ylabel "layer (the loss is above)" textcolor rgb faint offset 0,0
set xlabel "sigma_w" textcolor rgb faint offset 0,0.4
lost(decades) = $7 > 0.001 ? depth - decades / $7 : NaN
do for [k=1:2] { decades = k == 1 ? 7 : 38
    if (first > 0.001 && depth - decades / first > 1.5) { set label 5+k sprintf("1e-%d", decades) \
        at graph 0.01, first depth - decades / first left offset 0,-0.9 textcolor rgb "#ffffff" front } }
plot data skip 1 using (log10($1)):2:3 with image pixels notitle, \
     data skip 1 every rows using (log10($1)):(lost(7)) with lines linewidth 1.6 linecolor rgb "#ffffff" notitle, \
     data skip 1 every rows using (log10($1)):(lost(38)) with lines linewidth 1.6 dashtype 2 linecolor rgb "#ffffff" notitle
unset multiplot
