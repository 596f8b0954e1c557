# What each form of momentum does when the step size changes.
# Columns: step, length of the step by form (I, II, I rescaled), distance from the minimum by form
left = 84; right = 210
upper_top = head - 4; upper = 250; lower_top = upper_top + upper + 40; lower = 250
height = lower_top + lower + 60
set terminal svg size width, height @svg
set output output_svg
array ends[7]
stats data skip 1 using (ends[2] = $2, ends[3] = $3, ends[5] = $5, ends[6] = $6, 0) nooutput
do for [k=2:6] { stats data skip 1 using k name sprintf("column%d", k) nooutput }
set lmargin at screen x(left)
set rmargin at screen x(width - right)
set grid x y linecolor rgb rule linewidth 1 linetype 1
set xrange [from:to - 1]
set logscale y
set multiplot
@title_at
do for [panel=1:2] {
    one = panel == 1 ? 2 : 5
    lo = value(sprintf("column%d_min", one)); lo2 = value(sprintf("column%d_min", one + 1)); lo = lo2 < lo ? lo2 : lo
    hi = value(sprintf("column%d_max", one)); hi2 = value(sprintf("column%d_max", one + 1)); hi = hi2 > hi ? hi2 : hi
    set yrange [lo / 1.3:hi * 1.3]
    few = log10(hi / lo) < 3
    set ytics scale 0 ("" 1e-300)
    do for [e=floor(log10(lo)):ceil(log10(hi))] { do for [m=1:5] { v = m * 10.0**e
        if ((few ? m != 3 && m != 4 : m == 1) && v > lo / 1.3 && v < hi * 1.3) { set ytics add (sprintf("%g", v) v) } } }
    set tmargin at screen y(panel == 1 ? upper_top : lower_top)
    set bmargin at screen y(panel == 1 ? upper_top + upper : lower_top + lower)
    set ylabel (panel == 1 ? "length of a step" : "distance from the minimum") textcolor rgb faint offset 1,0
    if (panel == 2) { set xlabel "step" textcolor rgb faint offset 0,0.4 }
    set arrow 1 from first change, graph 0 to first change, graph 1 nohead dashtype 3 linecolor rgb ink
    if (panel == 1) { set label 1 "alpha changes" at first change, graph 1.05 center textcolor rgb faint }
    up = ends[one] > ends[one + 1] ? 0.6 : -0.6
    set label 2 "form I" at graph 1, first ends[one] left offset 0.8,up textcolor rgb hue(6)
    set label 3 "form II; dashed: I rescaled" at graph 1, first ends[one + 1] left offset 0.8,-up textcolor rgb hue(3)
    plot data skip 1 using 1:one with linespoints pointtype 7 pointsize 0.45 linewidth 1.5 linecolor rgb hue(6) notitle, \
         data skip 1 using 1:one+1 with linespoints pointtype 9 pointsize 0.5 linewidth 1.5 linecolor rgb hue(3) notitle, \
         data skip 1 using 1:one+2 with lines dashtype 2 linewidth 1.2 linecolor rgb ink notitle
    unset label
}
unset multiplot
